using System.Text.Json.Nodes;

namespace DataExchange.Cli.Bench;

/// <summary>What one window showed.</summary>
/// <param name="Rate">Operations a second.</param>
/// <param name="P50">Median time of a call or, in ingest, of a change from source to watermark, in microseconds.</param>
/// <param name="P99">Its 99th percentile.</param>
/// <param name="ServerCpu">Processor time of the server process for one operation, in microseconds.</param>
internal readonly record struct Measurement(double Rate, double P50, double P99, double ServerCpu)
{
    /// <summary>The median of each figure by itself: on a shared machine one disturbed window must not count.</summary>
    public static Measurement Median(IReadOnlyList<Measurement> windows) => new(
        Median(windows.Select(w => w.Rate)),
        Median(windows.Select(w => w.P50)),
        Median(windows.Select(w => w.P99)),
        Median(windows.Select(w => w.ServerCpu)));

    private static double Median(IEnumerable<double> figures)
    {
        var sorted = figures.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}

/// <summary>One setting's outcome; a line of output.</summary>
/// <param name="Concurrency">Calls, streams or batches in flight.</param>
/// <param name="Batch">Lookups in a message, changes in a batch.</param>
/// <param name="Extra">Figures that only this operation has.</param>
internal sealed record BenchResult(
    string Operation, int Concurrency, int Batch, Measurement Ours, Measurement Control, IReadOnlyDictionary<string, double> Extra)
{
    public double RateRatio => Ours.Rate / Control.Rate;

    public double ServerCpuRatio => Ours.ServerCpu / Control.ServerCpu;

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["operation"] = Operation,
            ["concurrency"] = Concurrency,
            ["batch"] = Batch,
            ["rate"] = Math.Round(Ours.Rate),
            ["p50_us"] = Math.Round(Ours.P50),
            ["p99_us"] = Math.Round(Ours.P99),
            ["server_cpu_us"] = Math.Round(Ours.ServerCpu, 2),
            ["control_rate"] = Math.Round(Control.Rate),
            ["control_server_cpu_us"] = Math.Round(Control.ServerCpu, 2),
            ["rate_ratio"] = Math.Round(RateRatio, 3),
            ["server_cpu_ratio"] = Math.Round(ServerCpuRatio, 2),
        };
        foreach (var (name, value) in Extra)
            json[name] = Math.Round(value, 3);
        return json;
    }
}
