using DataExchange.Fuzzing;
using SharpFuzz;

switch (args)
{
    case ["list"]:
        foreach (var target in FuzzTargets.All)
            Console.WriteLine(target.Name);
        return 0;
    // Under afl-fuzz, which names the shared memory in the environment.
    case ["fuzz", var name]:
        Fuzzer.OutOfProcess.Run(FuzzTargets.Named(name).Run);
        return 0;
    // Inputs one after the other, in the open: to see what a crash is.
    case ["run", var name, .. var files]:
        foreach (var file in files)
            Console.WriteLine($"{(FuzzTargets.Named(name).Accepts(File.ReadAllBytes(file)) ? "accepted" : "refused")} {file}");
        return 0;
    case ["seeds", var folder]:
        foreach (var target in FuzzTargets.All)
            Seeds.Write(target, folder);
        return 0;
    default:
        Console.Error.WriteLine("usage: list | fuzz TARGET | run TARGET FILE... | seeds FOLDER");
        return 2;
}
