using System.CommandLine;
using DataExchange.Cli.Exchange;

namespace DataExchange.Cli.Bench;

/// <summary><c>dx bench</c>: what the exchange does on this machine, always beside a control measured in the same run.</summary>
internal static class BenchCommand
{
    private static readonly Option<bool> Json = new("--json") { Description = "One JSON object a result, a line each" };

    private static readonly Option<DirectoryInfo?> Folder = new("--folder")
    {
        Description = "Where servers and hub keep their data; a new folder below it is made and removed. Default: the system's temporary folder",
    };

    private static readonly Option<double> Seconds = new("--seconds") { Description = "Length of one measured window", DefaultValueFactory = _ => 4 };
    private static readonly Option<int> Rounds = new("--rounds") { Description = "Windows of each setting; the median counts", DefaultValueFactory = _ => 3 };

    public static Command Create()
    {
        SwitchRule.Add(Seconds, seconds => seconds is >= 0.5 and <= 600, "--seconds must be from 0.5 to 600");
        SwitchRule.Add(Rounds, rounds => rounds is >= 1 and <= 100, "--rounds must be from 1 to 100");
        return new Command("bench", "Measure the exchange beside its controls") { Lookup(), Ingest(), Share(), Denied(), Audit(), BenchChildCommand.Create() };
    }

    private static Command Lookup()
    {
        var persons = new Option<int>("--persons") { Description = "Population of the index, 8 facts each", DefaultValueFactory = _ => 100_000 };
        SwitchRule.Add(persons, count => count is >= 1_000 and <= 10_000_000, "--persons must be from 1,000 to 10,000,000");
        var inFlight = new Option<int?>("--in-flight") { Description = "Only the settings with so many calls in flight: 1, 8, 16 or 64" };
        var batch = new Option<int?>("--batch") { Description = "Only the settings with so many lookups a message: 1 or 100" };
        var command = new Command("lookup", "Lookups against the hub, beside a bare gRPC echo of the same bytes") { persons, inFlight, batch, Seconds, Rounds, Folder, Json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, (settings, screen) => LookupBench.RunAsync(
            settings, parsed.GetValue(persons), LookupBench.SettingsWith(parsed.GetValue(inFlight), parsed.GetValue(batch)), screen, cancellationToken)));
        return command;
    }

    private static Command Ingest()
    {
        var batch = new Option<int?>("--batch") { Description = "Only batches of so many changes: 100 or 500" };
        SwitchRule.Add(batch, size => size is null || IngestPlan.Batches.Contains(size.Value), "--batch must be 100 or 500");
        var changes = new Option<ulong>("--changes") { Description = "Afterwards let so many changes more pass and tell the memory used; 0 for none" };
        var rabbit = new Option<Uri?>("--rabbitmq")
        {
            CustomParser = AddressSwitch.Parse,
            Description = $"A running server, as amqp://user@host:5672/vhost; the password comes from {ExchangeSettings.PasswordVariable}. Default: start the installed one",
        };
        var postgres = new Option<string?>("--postgresql")
        {
            Description = "A running server, as Host=...;Database=...;Username=...; the password comes from PGPASSWORD. Default: start the installed one",
        };
        var command = new Command("ingest", "Changes from a department's source to the hub's watermark, beside RabbitMQ.Client, MassTransit and PostgreSQL alone")
        {
            batch, changes, rabbit, postgres, Seconds, Rounds, Folder, Json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, (settings, screen) => IngestBench.RunAsync(
            settings,
            parsed.GetValue(rabbit) is { } address ? ExchangeSettings.CheckServer(address) : null,
            parsed.GetValue(postgres),
            parsed.GetValue(batch) is { } only ? [only] : IngestPlan.Batches,
            parsed.GetValue(changes),
            screen,
            cancellationToken)));
        return command;
    }

    private static Command Share()
    {
        var share = new Option<int>("--share") { Description = "Calls in work that the hub grants each department", DefaultValueFactory = _ => 16 };
        SwitchRule.Add(share, calls => calls is >= 1 and <= 1_000, "--share must be from 1 to 1,000");
        var command = new Command("share", "One department's p99 while another has its share of calls open, and ten times as many") { share, Seconds, Rounds, Folder };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, (settings, _) => FairShareBench.RunAsync(settings, parsed.GetValue(share), cancellationToken)));
        return command;
    }

    private static Command Denied()
    {
        var pairs = new Option<int>("--pairs") { Description = "Pairs of one subject that is there and one that is not", DefaultValueFactory = _ => 100_000 };
        SwitchRule.Add(pairs, count => count is >= 100 and <= 10_000_000, "--pairs must be from 100 to 10,000,000");
        var command = new Command("denied", "Whether the time of a refusal tells if a subject is known: Welch's t over pairs") { pairs, Folder };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, (settings, _) => DeniedBench.RunAsync(settings, parsed.GetValue(pairs), cancellationToken)));
        return command;
    }

    private static Command Audit()
    {
        var entries = new Option<ulong>("--entries") { Description = "Entries of the log", DefaultValueFactory = _ => 1_000_000 };
        SwitchRule.Add(entries, count => count is >= 1_000 and <= 100_000_000, "--entries must be from 1,000 to 100,000,000");
        var command = new Command("audit", "Verification of a whole audit log, beside hashing its files once") { entries, Folder, Json };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, (settings, _) => Task.Run(
            () => AuditBench.Run(settings, parsed.GetValue(entries), parsed.GetValue(Json), cancellationToken), cancellationToken)));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, Func<BenchSettings, BenchScreen, Task> bench)
    {
        var parent = parsed.GetValue(Folder)?.FullName ?? Path.GetTempPath();
        var folder = Path.Combine(parent, $"dx-bench-{Environment.ProcessId}");
        Directory.CreateDirectory(folder);
        var keepsLogs = false;
        try
        {
            var settings = new BenchSettings(folder, TimeSpan.FromSeconds(parsed.GetValue(Seconds)), parsed.GetValue(Rounds));
            await bench(settings, new BenchScreen(parsed.GetValue(Json)));
            return ExitCode.Ok;
        }
        catch (BenchUnavailableException e)
        {
            keepsLogs = e.NamesLog;
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Unavailable;
        }
        finally
        {
            if (!keepsLogs)
                Directory.Delete(folder, recursive: true);
        }
    }
}
