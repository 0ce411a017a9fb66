using System.CommandLine;
using System.Text.Json;
using DataExchange.Broker;
using DataExchange.Cli.Hosts;
using DataExchange.Hosting;
using Spectre.Console;

namespace DataExchange.Cli.DeadLetters;

/// <summary><c>dx deadletters</c>: what the hub could not apply, why, and once the cause is mended, again.</summary>
internal static class DeadLettersCommand
{
    private const int Shown = 10_000;

    private static readonly JsonSerializerOptions Format = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static Command Create() => new("deadletters", "Messages that the hub could not apply")
    {
        List(),
        Show(),
        Retry(),
    };

    private static Command List()
    {
        var (config, json) = (Config(), Json());
        var list = new Command("list", "Dead letters by cause and department; exit code 1 if there are any") { config, json };
        list.SetAction((parsed, cancellationToken) => DeadLetterQueues.SayingWhyNotAsync(async () =>
        {
            var letters = await ReadAsync(parsed.GetRequiredValue(config), cancellationToken);
            var groups = letters.GroupBy(letter => (letter.Cause, letter.Department)).Select(LetterGroup.Of).OrderByDescending(group => group.Messages).ToList();
            if (parsed.GetValue(json))
                groups.ForEach(group => parsed.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(group, Format)));
            else
                Write(groups);
            return groups.Count == 0 ? ExitCode.Ok : ExitCode.Finding;
        }));
        return list;
    }

    private static Command Show()
    {
        var id = new Argument<string>("message-id") { Description = "As list and JSON name it; its beginning is enough" };
        var config = Config();
        var show = new Command("show", "One dead letter: its cause and what its batch holds, without identifiers and values") { id, config };
        show.SetAction((parsed, cancellationToken) => DeadLetterQueues.SayingWhyNotAsync(async () =>
        {
            var wanted = parsed.GetRequiredValue(id);
            var found = (await ReadAsync(parsed.GetRequiredValue(config), cancellationToken)).Where(letter => letter.Id.StartsWith(wanted, StringComparison.OrdinalIgnoreCase)).ToList();
            if (found is not [var letter])
                throw new UsageException($"{found.Count} dead letters have an id that begins with {wanted}; dx deadletters list names them.");
            Write(letter, AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(parsed.InvocationConfiguration.Output) }));
            return ExitCode.Ok;
        }));
        return show;
    }

    private static Command Retry()
    {
        var cause = new Option<string?>("--cause") { Description = "Only those of this cause, as list names it" };
        var department = new Option<string?>("--department") { Description = "Only those that say they are this department's" };
        var all = new Option<bool>("--all") { Description = "All of them" };
        var config = Config();
        var retry = new Command("retry", "Put dead letters back into the hub's queue: mend the cause first, or they come back") { cause, department, all, config };
        retry.SetAction((parsed, cancellationToken) => DeadLetterQueues.SayingWhyNotAsync(async () =>
        {
            var (wantedCause, wantedDepartment) = (parsed.GetValue(cause), parsed.GetValue(department));
            if (parsed.GetValue(all) == (wantedCause is not null || wantedDepartment is not null))
                throw new UsageException("Say which: --cause, --department or both, or --all.");
            await using var queues = await ConnectAsync(parsed.GetRequiredValue(config), cancellationToken);
            var retried = await queues.RetryAsync(
                letter => (wantedCause ?? letter.Cause) == letter.Cause && (wantedDepartment ?? letter.Department) == letter.Department,
                Shown,
                letter => parsed.InvocationConfiguration.Output.WriteLine($"{letter.Id} {letter.Cause} {letter.Department} {Sequences(letter.FirstSequence, letter.LastSequence)}"),
                cancellationToken);
            await parsed.InvocationConfiguration.Output.WriteLineAsync($"{retried:N0} put back");
            return ExitCode.Ok;
        }));
        return retry;
    }

    private static async Task<List<DeadLetter>> ReadAsync(string config, CancellationToken cancellationToken)
    {
        await using var queues = await ConnectAsync(config, cancellationToken);
        var letters = new List<DeadLetter>();
        await foreach (var letter in queues.ReadAsync(Shown, cancellationToken))
            letters.Add(letter);
        if (letters.Count >= Shown)
            await Console.Error.WriteLineAsync($"There are more than {Shown:N0} in one queue: these are the oldest.");
        return letters;
    }

    private static Task<DeadLetterQueues> ConnectAsync(string config, CancellationToken cancellationToken)
    {
        var configuration = ConfiguredHost.Create(config).Configuration;
        var hub = configuration.GetSection(HubOptions.Section).Get<HubOptions>();
        if (hub is null || string.IsNullOrEmpty(hub.BrokerId))
            throw new UsageException($"{config} has no Hub:BrokerId: it is not a hub's configuration.");
        return DeadLetterQueues.ConnectAsync(configuration.GetSection(BusOptions.Section).Get<BusOptions>() ?? new BusOptions(), hub.IndexQueue, cancellationToken);
    }

    private static void Write(List<LetterGroup> groups)
    {
        if (groups.Count == 0)
        {
            AnsiConsole.MarkupLine("[green]No dead letters.[/]");
            return;
        }

        var table = new Table().Border(TableBorder.Rounded).AddColumns("Cause", "Department, as it says", "Messages", "Sequences", "Last", "A message");
        foreach (var group in groups)
        {
            table.AddRow(
                Markup.Escape(group.Cause), Markup.Escape(group.Department), $"{group.Messages:N0}", Sequences(group.FirstSequence, group.LastSequence),
                group.Last is { } last ? $"{last:yyyy-MM-dd HH:mm:ss}" : "", Markup.Escape(group.Example));
        }

        AnsiConsole.Write(table);
        foreach (var (cause, detail) in groups.Where(group => group.Detail.Length > 0).Select(group => (group.Cause, group.Detail)).Distinct())
            AnsiConsole.MarkupLineInterpolated($"{cause}: {detail}");
        AnsiConsole.WriteLine("Mend the cause, then: dx deadletters retry --cause CAUSE");
    }

    private static void Write(DeadLetter letter, IAnsiConsole console)
    {
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("", "");
        foreach (var (name, value) in new[]
        {
            ("message", letter.Id),
            ("cause", $"{letter.Cause} {letter.Detail}".TrimEnd()),
            ("failed at", letter.At is { } at ? $"{at:yyyy-MM-dd HH:mm:ss} UTC" : ""),
            ("size", $"{letter.Bytes:N0} bytes"),
            ("key", letter.KeyId),
            ("department, as it says", letter.Department),
            ("epoch", letter.Batch?.Epoch ?? "no batch can be read"),
            ("sequences", Sequences(letter.FirstSequence, letter.LastSequence)),
            ("changes", string.Join('\n', (letter.Batch?.Changes ?? []).Select(change => $"{change.Kind} {change.Attribute} {change.Count:N0}".Replace("  ", " ", StringComparison.Ordinal)))),
        })
        {
            table.AddRow(name, Markup.Escape(value));
        }

        console.Write(table);
    }

    private static string Sequences(ulong first, ulong last) => first == 0 ? "" : first == last ? $"{first}" : $"{first}-{last}";

    private static Option<string> Config() => new("--config") { Description = "The hub's JSON configuration: its sections Hub and Bus say which queues, and where", Required = true };

    private static Option<bool> Json() => new("--json") { Description = "One JSON object a cause and department, a line each" };

    /// <summary>Dead letters of one cause and department.</summary>
    /// <param name="Detail">Of one of them.</param>
    /// <param name="Example">The id of the newest.</param>
    private sealed record LetterGroup(
        string Cause, string Department, int Messages, ulong FirstSequence, ulong LastSequence, DateTimeOffset? First, DateTimeOffset? Last, string Detail, string Example)
    {
        public static LetterGroup Of(IGrouping<(string Cause, string Department), DeadLetter> letters) => new(
            letters.Key.Cause, letters.Key.Department, letters.Count(), letters.Min(letter => letter.FirstSequence), letters.Max(letter => letter.LastSequence),
            letters.Min(letter => letter.At), letters.Max(letter => letter.At), letters.First().Detail, letters.Last().Id);
    }
}
