using System.Text.Json.Nodes;

namespace DataExchange.Cli.Bench;

/// <summary>
/// <c>dx bench share</c>: what a department's lookups take while another has as many calls open as its share allows, and ten times as many.
/// Windows of the two take turns, so that the machine's mood meets both.
/// </summary>
internal static class FairShareBench
{
    public const int Persons = 10_000;
    private const int Times = 10;
    private const string Loud = "tax";
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(BenchSettings settings, int share, CancellationToken cancellationToken)
    {
        var population = new BenchPopulation(Persons);
        await using var hub = await BenchHub.StartAsync(settings.Folder, population, new() { ["DX_Grpc__WorkPerPeerMax"] = $"{share}" }, cancellationToken, grantee: Loud);
        using var credentials = hub.Workspace.Credentials(population.Plan.Consumer.Id);
        using var quiet = new LookupLoad(hub.Workspace.HubAddress, credentials, 1, 0, population.Questions(5_000, batch: 0));
        await using var loud = BenchProcess.StartSelf(
            Path.Combine(settings.Folder, "loud.log"), BenchHub.Environment, "bench", "child", "loud", settings.Folder, $"{hub.Workspace.HubAddress.Port}", Loud, $"{share * Times}");

        var (within, beyond) = (new List<Measurement>(), new List<Measurement>());
        await MeasureAsync(share, WarmUp);
        await MeasureAsync(share * Times, WarmUp);
        for (var round = 0; round < settings.Rounds; round++)
        {
            BenchScreen.Step($"round {round + 1} of {settings.Rounds}");
            within.Add(await MeasureAsync(share, settings.Window));
            beyond.Add(await MeasureAsync(share * Times, settings.Window));
        }

        var (at, over) = (Measurement.Median(within), Measurement.Median(beyond));
        Console.WriteLine(new JsonObject
        {
            ["operation"] = "fair-share",
            ["share"] = share,
            ["in_flight"] = share * Times,
            ["p50_us_within"] = Math.Round(at.P50),
            ["p99_us_within"] = Math.Round(at.P99),
            ["p50_us_beyond"] = Math.Round(over.P50),
            ["p99_us_beyond"] = Math.Round(over.P99),
            ["p99_ratio"] = Math.Round(over.P99 / at.P99, 3),
        }.ToJsonString());

        async Task<Measurement> MeasureAsync(int calls, TimeSpan window)
        {
            if (await loud.AskAsync($"{calls}", cancellationToken) is { Length: > 0 } failure)
                throw new BenchUnavailableException(failure);
            return await LoadGenerator.RunAsync(1, 1, quiet.CallAsync, hub.Process, window, cancellationToken);
        }
    }
}
