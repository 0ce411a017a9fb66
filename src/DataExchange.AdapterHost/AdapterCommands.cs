using System.CommandLine;
using System.Security.Cryptography;
using DataExchange.Adapter;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Sources;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;

namespace DataExchange.AdapterHost;

/// <summary>The commands of <c>dx-adapter</c>. Exit codes as those of <c>dx</c>: 0 ok, 1 negative finding, 2 usage, 3 unavailable.</summary>
internal static class AdapterCommands
{
    private const int Ok = 0;
    private const int Finding = 1;
    private const int Usage = 2;
    private const int Unavailable = 3;

    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("dx-adapter: a department's adapter from one YAML file") { Run(), Check(), Accept(), MeasureCommand.Create() };
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await Console.Error.WriteLineAsync(error.Message);
            return Usage;
        }

        try
        {
            // After Ctrl-C a host finishes what it has begun, for as long as hosts are given; without this it would be cut off after two seconds.
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
        }
        catch (OptionsValidationException refused)
        {
            foreach (var failure in refused.Failures)
                await Console.Error.WriteLineAsync(failure);
            return Usage;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or OutboxDamagedException or SqliteException or CryptographicException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return Unavailable;
        }
    }

    private static Command Run()
    {
        var config = Config();
        var run = new Command("run", "Run the adapter until Ctrl-C") { config };
        run.SetAction(async (parsed, cancellationToken) =>
        {
            if (await LoadAsync(parsed.GetValue(config)!) is not { } file)
                return Usage;
            await using var app = AdapterProgram.Build(file);
            await app.RunAsync(cancellationToken);
            return Ok;
        });
        return run;
    }

    private static Command Check()
    {
        var config = Config();
        var check = new Command("check", "Say everything that is wrong with a file, and start nothing") { config };
        check.SetAction(async (parsed, _) =>
        {
            if (await LoadAsync(parsed.GetValue(config)!) is not { } file)
                return Finding;
            Console.WriteLine($"{file.Config.Adapter.Department}: {file.Sources.Count} sources, {file.Sources.Sum(source => source.Attributes.Count)} attributes, no errors");
            return Ok;
        });
        return check;
    }

    private static Command Accept()
    {
        var config = Config();
        var source = new Option<string>("--source") { Description = "Name of the source that is stopped", Required = true };
        var accept = new Command("accept", "Let a source that shrank withdraw what is gone, once") { config, source };
        accept.SetAction(async (parsed, _) =>
        {
            if (await LoadAsync(parsed.GetValue(config)!) is not { } file)
                return Usage;
            var name = parsed.GetValue(source)!;
            if (file.Sources.All(known => known.Name != name))
            {
                await Console.Error.WriteLineAsync($"There is no source of that name; there are {string.Join(", ", file.Sources.Select(known => known.Name))}.");
                return Usage;
            }

            var stateFolder = AdapterProgram.StateFolderOf(file);
            if (!File.Exists(SourceReader.QuestionPathOf(stateFolder, name)))
            {
                await Console.Error.WriteLineAsync($"{name} asks nothing: there is nothing to accept.");
                return Finding;
            }

            await File.WriteAllBytesAsync(SourceReader.AcceptancePathOf(stateFolder, name), [], CancellationToken.None);
            Console.WriteLine($"The next reading of {name} withdraws what is gone.");
            return Ok;
        });
        return accept;
    }

    /// <summary>Null where the file is refused, and every error has been told.</summary>
    private static async Task<HostFile?> LoadAsync(string path)
    {
        var file = HostFile.Load(path, out var errors);
        var told = file is null ? [.. errors.Select(error => error.ToString())] : await AdapterProgram.CheckAsync(file);
        foreach (var error in told)
            await Console.Error.WriteLineAsync(error);
        return told.Count == 0 ? file : null;
    }

    private static Option<string> Config() => new("--config") { Description = "The adapter's YAML file", Required = true };
}
