using System.CommandLine;
using DataExchange.Cli.Conformance.Reports;
using DataExchange.Cli.Joining;
using DataExchange.Hosting;
using DataExchange.Transparency.Notes;
using Spectre.Console;

namespace DataExchange.Cli.Conformance;

/// <summary><c>dx adapter</c>; its <c>verify</c> holds an adapter to the contract; its <c>report</c> holds a report to its signature.</summary>
internal static class AdapterCommand
{
    public static Command Create() => new("adapter", "Departments' adapters") { RegisterCommand.Create(), Verify(), Report() };

    private static Command Verify()
    {
        var config = new Option<string>("--config") { Description = "What to verify and as whom (YAML): docs/conformance.md", Required = true };
        var junit = new Option<FileInfo?>("--junit") { Description = "Write JUnit XML there" };
        var report = new Option<FileInfo?>("--report") { Description = "Write a signed report there; needs --report-key" };
        var key = new Option<FileInfo?>("--report-key") { Description = "File of the key that signs it; made where it is not there" };
        var name = new Option<string>("--report-name") { Description = "Who signs it", DefaultValueFactory = _ => "dx-adapter-verify" };
        var all = new Option<bool>("--all") { Description = "A rule that was not run is a finding, too" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var command = new Command("verify", "Play the hub towards a running adapter and say of every rule whether it holds; exit code 1 if one is broken")
        {
            config, junit, report, key, name, all, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(report) is not null != result.GetValue(key) is not null)
                result.AddError("--report and --report-key go together.");
        });
        command.SetAction(async (parsed, cancellationToken) =>
        {
            if (Load(parsed.GetRequiredValue(config), parsed.InvocationConfiguration.Error) is not { } file)
                return ExitCode.Usage;
            using var signer = parsed.GetValue(key) is { } keyFile ? SignedReport.Signer(parsed.GetRequiredValue(name), keyFile.FullName) : null;
            var began = TimeProvider.System.GetUtcNow();
            var verdicts = await RunAsync(file, parsed.GetValue(json) || Console.IsOutputRedirected ? null : AnsiConsole.Console, cancellationToken);
            var made = ConformanceReport.Of(file, verdicts, began);
            if (parsed.GetValue(junit) is { } xml)
                Write(xml, System.Text.Encoding.UTF8.GetBytes($"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{JUnitReport.Of(made)}\n"));
            if (parsed.GetValue(report) is { } note)
                Write(note, SignedReport.Sign(made, signer!));
            Print(parsed.InvocationConfiguration.Output, made, signer?.Key, parsed.GetValue(json));
            return made.Broken > 0 || (parsed.GetValue(all) && made.NotRun > 0) ? ExitCode.Finding : ExitCode.Ok;
        });
        return command;
    }

    private static Command Report()
    {
        var file = new Argument<FileInfo>("file") { Description = "A report that dx adapter verify --report wrote" };
        var key = new Option<string>("--key") { Description = "Verifier key of whoever ran the kit (name+id+base64); have it from them, not with the report", Required = true };
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var command = new Command("report", "Verify the signature of a report and show it; exit code 1 if it is not what was signed, or a rule is broken") { file, key, json };
        command.SetAction(parsed =>
        {
            var signer = NoteKey.Parse(parsed.GetRequiredValue(key)) ?? throw new UsageException("--key is no verifier key: name+id+base64, as dx adapter verify tells it.");
            if (SignedReport.Verify(File.ReadAllBytes(parsed.GetRequiredValue(file).FullName), signer) is not { } report)
            {
                parsed.InvocationConfiguration.Error.WriteLine("It is no report that this key has signed.");
                return ExitCode.Finding;
            }

            Print(parsed.InvocationConfiguration.Output, report, signer, parsed.GetValue(json));
            return report.Broken > 0 ? ExitCode.Finding : ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Null where the file is refused, and every error has been told.</summary>
    private static VerifyConfig? Load(string path, TextWriter told)
    {
        var file = VerifyFile.Load(path, out var errors);
        foreach (var error in errors)
            told.WriteLine(error);
        return file;
    }

    private static async Task<Verdicts> RunAsync(VerifyConfig file, IAnsiConsole? screen, CancellationToken cancellationToken)
    {
        var run = new ConformanceRun(file);
        return screen is null
            ? await run.RunAsync(_ => { }, cancellationToken)
            : await screen.Status().StartAsync("Verifying", status => run.RunAsync(step => status.Status($"Verifying: {step}"), cancellationToken));
    }

    private static void Print(TextWriter output, ConformanceReport report, NoteKey? signer, bool json)
    {
        if (json)
        {
            output.WriteLine(report.ToJson(indented: false));
            return;
        }

        ConformanceTable.Write(AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }), report);
        if (signer is not null)
            output.WriteLine($"signed by {signer}");
    }

    private static void Write(FileInfo file, byte[] content) =>
        WholeFile.Write(file.FullName, content, WholeFile.OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead, overwrite: true);
}
