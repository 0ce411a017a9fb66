using System.Diagnostics;
using System.Text.Json.Nodes;

namespace DataExchange.Cli.Exchange;

/// <summary>Starts a showcase's exchange, waits until everything is published, and holds every answer against what it must be.</summary>
internal static class ShowcaseRun
{
    /// <returns>0 if every answer is as it must be, else 1.</returns>
    public static async Task<int> RunAsync(Showcase showcase, ExchangeSettings settings, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var screen = new ExchangeScreen(quiet: settings.Json);
        var workspace = Workspace.Prepare(settings, showcase.Plan);
        await using var exchange = await LocalExchange.StartAsync(workspace, showcase.Plan, cancellationToken);

        await screen.PublishingAsync(exchange, cancellationToken);
        var statistics = exchange.Statistics();
        screen.Show(exchange, statistics, watch.Elapsed);

        using var desk = new ServiceDesk(workspace, showcase.Plan);
        var score = await screen.LookingUpAsync(desk, showcase, cancellationToken);
        await screen.ShowAnswersAsync(desk, showcase.Shown, cancellationToken);

        if (settings.Json)
        {
            Console.WriteLine(new JsonObject
            {
                ["departments"] = exchange.Departments.Count,
                ["changes"] = exchange.Published,
                ["subjects"] = statistics.Subjects,
                ["facts"] = statistics.Facts,
                ["links"] = statistics.Links,
                ["lookups"] = score.Lookups,
                ["resolved"] = score.Resolved,
                ["unresolved"] = score.Unresolved,
                ["wrong"] = score.Wrong,
                ["seconds"] = Math.Round(watch.Elapsed.TotalSeconds, 1),
            }.ToJsonString());
        }

        screen.Close(workspace, score, watch.Elapsed, staysUp: !settings.Exit);
        if (!settings.Exit)
            await LocalExchange.RunUntilCancelledAsync(cancellationToken);
        return score is { Wrong: 0, Unresolved: 0 } ? ExitCode.Ok : ExitCode.Finding;
    }
}
