using DataExchange.Cli.Lookup;
using DataExchange.Contracts;
using DataExchange.Broker;
using Grpc.Core;
using Spectre.Console;

namespace DataExchange.Cli.Exchange;

/// <summary>What a person sees of a showcase; shows nothing when quiet, since then a program reads standard output.</summary>
internal sealed class ExchangeScreen(bool quiet)
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);

    private readonly IAnsiConsole _console = quiet
        ? AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null), Interactive = InteractionSupport.No })
        : AnsiConsole.Console;

    /// <summary>One bar a department, full when the hub has applied everything of it.</summary>
    public Task PublishingAsync(LocalExchange exchange, CancellationToken cancellationToken)
    {
        Heading("Publishing", "every change goes through outbox, signature, bus and index");
        return Progress().StartAsync(async progress =>
        {
            var bars = exchange.Departments.Select(d => (Department: d, Bar: progress.AddTask(Markup.Escape(d.Plan.Id), maxValue: d.Plan.Changes))).ToList();
            using var refresh = new PeriodicTimer(Refresh);
            do
            {
                var figures = bars.ConvertAll(b => b.Department.Progress.Figures);
                for (var i = 0; i < bars.Count; i++)
                    bars[i].Bar.Value = figures[i].HubWatermark;
                if (figures.TrueForAll(f => f.HubIsCurrent))
                    return;
            }
            while (await refresh.WaitForNextTickAsync(cancellationToken));
        });
    }

    public void Show(LocalExchange exchange, HubStatistics statistics, TimeSpan elapsed)
    {
        Heading("Index", $"after {elapsed.TotalSeconds:0.0} s");
        _console.Write(new Table().Border(TableBorder.Rounded)
            .AddColumns("Departments", "Changes published now", "Subjects", "Identifiers", "Facts", "Links")
            .AddRow(
                $"{exchange.Departments.Count}", $"{exchange.Published:N0}", $"{statistics.Subjects:N0}", $"{statistics.Identifiers:N0}",
                $"{statistics.Facts:N0}", $"{statistics.Links:N0}"));
    }

    public async Task<Score> LookingUpAsync(ServiceDesk desk, Showcase showcase, CancellationToken cancellationToken)
    {
        Heading("Looking up", $"{showcase.Asked.Count:N0} identifiers, each answer held against its source");
        var score = default(Score);
        await Progress().StartAsync(async progress =>
        {
            var bar = progress.AddTask("lookups", maxValue: showcase.Asked.Count);
            score = await desk.CheckAsync(showcase, done => bar.Value = done, cancellationToken);
        });
        _console.MarkupLine($"{score.Resolved:N0} resolved, {score.Unresolved:N0} unresolved, [bold]{score.Wrong:N0} wrong[/]");
        return score;
    }

    /// <summary>Some subjects as every department knows them, and one question that is not granted.</summary>
    public async Task ShowAnswersAsync(ServiceDesk desk, IReadOnlyList<Identifier> shown, CancellationToken cancellationToken)
    {
        foreach (var identifier in shown)
        {
            Heading($"{identifier.Scheme}:{identifier.Value}", "one number shown once, every department's answer");
            var answer = await desk.AskAsync(desk.Everything(identifier), cancellationToken);
            _console.Write(AnswerView.Table(answer, provided: true));
            _console.MarkupLine($"[grey]{AnswerView.Receipt(answer.Receipt)}[/]");
        }

        Heading("The same for another purpose", "nobody granted it, so nothing is looked up");
        var question = desk.Everything(shown[0]);
        question.Purpose = "marketing";
        try
        {
            await desk.AskAsync(question, cancellationToken);
        }
        catch (RpcException refusal)
        {
            await AnswerView.WriteRefusalAsync(refusal, _console.Profile.Out.Writer);
        }
    }

    public void Close(Workspace workspace, Score score, TimeSpan elapsed, bool staysUp)
    {
        var verdict = score is { Wrong: 0, Unresolved: 0 } ? "[green]as the source says[/]" : "[red]not as the source says[/]";
        Heading("Done", $"{elapsed.TotalSeconds:0.0} s");
        _console.MarkupLine($"{score.Resolved:N0} of {score.Lookups:N0} lookups {verdict}");
        if (!staysUp)
            return;
        _console.Write(new Table().Border(TableBorder.Rounded)
            .AddColumns("What", "Where")
            .AddRow("hub, gRPC over mutual TLS", $"{workspace.HubAddress}")
            .AddRow("health", $"{workspace.ManagementAddress}health/ready")
            .AddRow("metrics", $"{workspace.ManagementAddress}metrics")
            .AddRow("certificates, catalogue, state", Markup.Escape(workspace.Folder)));
        _console.MarkupLine("Ctrl-C ends the exchange.");
    }

    private void Heading(string title, string what) => _console.MarkupLine($"\n[bold]{Markup.Escape(title)}[/]  [grey]{Markup.Escape(what)}[/]");

    private Progress Progress() => _console.Progress().Columns(
        new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn());
}
