using System.Text.Json.Nodes;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary><c>dx bench</c> with its shortest settings: that it measures, and nothing about how fast anything is.</summary>
internal sealed class BenchTests
{
    private static readonly TimeSpan RunTimeout = TimeSpan.FromMinutes(4);

    private static readonly string[] Figures =
    [
        "concurrency", "batch", "rate", "p50_us", "p99_us", "server_cpu_us", "control_rate", "control_server_cpu_us", "rate_ratio", "server_cpu_ratio",
    ];

    [Test]
    public async Task Lookup_ShortestRun_PrintsEveryFigureOfUnaryAndStream() => Assert.That(
        await RunAsync("lookup", "--persons", "1000", "--in-flight", "1"), Is.EqualTo(new[] { ("lookup", 1, 1), ("lookup-many", 1, 100) }));

    [Test]
    [Category("RabbitMq")]
    [Category("PostgreSql")]
    public async Task Ingest_ShortestRun_PrintsEveryFigure() => Assert.That(
        await RunAsync("ingest", "--batch", "500"), Is.EqualTo(new[] { ("ingest", 64, 500) }));

    [TestCase("--in-flight", "lookup", "--in-flight", "5")]
    [TestCase("--persons", "lookup", "--persons", "many")]
    [TestCase("--seconds", "lookup", "--seconds", "0.1")]
    [TestCase("--batch", "ingest", "--batch", "7")]
    [TestCase("--batch", "ingest", "--batch", "all")]
    public async Task Bench_SwitchThatBreaksItsRule_IsWrongUsageAndNamesIt(string named, params string[] what)
    {
        await using var bench = ServerProcess.StartDotnet("dx", ["bench", .. what]);

        Assert.That(await bench.WaitForExitAsync(RunTimeout), Is.EqualTo(2), bench.Output);
        Assert.That(bench.Output, Does.Contain(named));
    }

    /// <summary>What was measured, each with every figure above nothing.</summary>
    private static async Task<(string Operation, int Concurrency, int Batch)[]> RunAsync(params string[] what)
    {
        await using var bench = ServerProcess.StartDotnet("dx", ["bench", .. what, "--seconds", "0.5", "--rounds", "1", "--json"]);
        Assert.That(await bench.WaitForExitAsync(RunTimeout), Is.Zero, bench.Output);
        Assert.That(Directory.Exists(Path.Combine(Path.GetTempPath(), $"dx-bench-{bench.Id}")), Is.False, "left behind");

        var results = bench.Output.Split('\n').Where(line => line.StartsWith('{')).Select(line => JsonNode.Parse(line)!.AsObject()).ToArray();
        using (Assert.EnterMultipleScope())
        {
            foreach (var result in results)
            {
                foreach (var figure in Figures)
                    Assert.That(result[figure]?.GetValue<double>(), Is.Positive, $"{figure} in {result.ToJsonString()}");
            }
        }

        return [.. results.Select(result => ($"{result["operation"]}", result["concurrency"]!.GetValue<int>(), result["batch"]!.GetValue<int>()))];
    }
}
