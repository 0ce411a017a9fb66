using DataExchange.Cli.Exchange;
using Google.Protobuf;

namespace DataExchange.Cli.Bench;

/// <param name="Folder">Emptied afterwards.</param>
/// <param name="Window">One measured window.</param>
/// <param name="Rounds">Windows of each setting and side; the median counts.</param>
internal sealed record BenchSettings(string Folder, TimeSpan Window, int Rounds);

/// <summary><c>dx bench lookup</c>: a hub and an echo, each a process of its own, asked the same questions in turn.</summary>
internal static class LookupBench
{
    // Batch 0: unary calls.
    private static readonly (int Concurrency, int Batch)[] Settings = [(1, 0), (16, 0), (64, 0), (1, 100), (8, 100)];
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    /// <summary>Those with this concurrency and this batch; null for any.</summary>
    /// <exception cref="UsageException">There are none.</exception>
    public static IReadOnlyList<(int Concurrency, int Batch)> SettingsWith(int? concurrency, int? batch)
    {
        var settings = Settings.Where(s => (concurrency ?? s.Concurrency) == s.Concurrency && (batch ?? Math.Max(1, s.Batch)) == Math.Max(1, s.Batch)).ToList();
        return settings.Count > 0
            ? settings
            : throw new UsageException("No setting has this --in-flight and --batch: 1, 16 or 64 in flight have a batch of 1, 1 or 8 one of 100.");
    }

    public static async Task RunAsync(
        BenchSettings settings, int persons, IReadOnlyList<(int Concurrency, int Batch)> loads, BenchScreen screen, CancellationToken cancellationToken)
    {
        var population = new BenchPopulation(persons);
        await using var started = await BenchHub.StartAsync(settings.Folder, population, [], cancellationToken);
        var (workspace, hub, echoPort) = (started.Workspace, started.Process, started.SparePort);

        var answer = await AskOnceAsync(workspace, population, cancellationToken);
        var answerPath = Path.Combine(settings.Folder, "answer.bin");
        await File.WriteAllBytesAsync(answerPath, answer.ToByteArray(), cancellationToken);
        await using var echo = BenchProcess.StartSelf(
            Path.Combine(settings.Folder, "echo.log"), BenchHub.Environment, "bench", "child", "echo", workspace.HubConfig, $"{echoPort}", answerPath);
        await echo.UntilListeningAsync(echoPort, BenchHub.StartLimit, cancellationToken);

        BenchScreen.Step($"a question of {population.Questions(1, 0)[0].Length:N0} bytes, an answer of {answer.CalculateSize():N0} bytes");
        using var credentials = workspace.Credentials(population.Plan.Consumer.Id);
        foreach (var (concurrency, batch) in loads)
        {
            BenchScreen.Step($"concurrency {concurrency}, {(batch == 0 ? "unary" : $"stream of {batch} lookups a message")}");
            var questions = population.Questions(batch == 0 ? 20_000 : 500, batch);
            using var ours = new LookupLoad(workspace.HubAddress, credentials, concurrency, batch, questions);
            using var control = new LookupLoad(new Uri($"https://127.0.0.1:{echoPort}"), credentials, concurrency, batch, questions);
            var (hubWindows, echoWindows) = (new List<Measurement>(), new List<Measurement>());
            await Measure(ours, hub, WarmUp);
            await Measure(control, echo, WarmUp);
            for (var round = 0; round < settings.Rounds; round++)
            {
                echoWindows.Add(await Measure(control, echo, settings.Window));
                hubWindows.Add(await Measure(ours, hub, settings.Window));
            }

            screen.Add(new BenchResult(
                batch == 0 ? "lookup" : "lookup-many", concurrency, Math.Max(1, batch),
                Measurement.Median(hubWindows), Measurement.Median(echoWindows), new Dictionary<string, double>()));

            Task<Measurement> Measure(LookupLoad load, BenchProcess server, TimeSpan window) =>
                LoadGenerator.RunAsync(concurrency, Math.Max(1, batch), load.CallAsync, server, window, cancellationToken);
        }

        screen.Close("the same service, listener, questions and answers with nothing behind it");
    }

    private static async Task<Wire.LookupResponse> AskOnceAsync(Workspace workspace, BenchPopulation population, CancellationToken cancellationToken)
    {
        using var channel = workspace.ConnectToHub(population.Plan.Consumer.Id);
        return await new Wire.LookupService.LookupServiceClient(channel).LookupAsync(population.Question(0), cancellationToken: cancellationToken);
    }
}
