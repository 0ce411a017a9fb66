using System.Diagnostics;
using System.Diagnostics.Metrics;
using DataExchange.Hosting;

namespace DataExchange.Broker.Ingest;

/// <summary>Counts by department and result; no label is ever taken from what a batch says about itself.</summary>
internal static class IngestMetrics
{
    private static readonly Counter<long> Batches =
        ExchangeDiagnostics.Meter.CreateCounter<long>("dataexchange.ingest.batches", "{batch}", "Batches handed to the hub, by result.");

    private static readonly Counter<long> Changes =
        ExchangeDiagnostics.Meter.CreateCounter<long>("dataexchange.ingest.changes", "{change}", "Changes applied durably.");

    private static readonly Histogram<double> Duration =
        ExchangeDiagnostics.Meter.CreateHistogram<double>("dataexchange.ingest.duration", "s", "From a batch's arrival to its result, verification and write to disk included.");

    private static readonly string[] ResultNames = ["applied", "duplicate", "rejected", "quarantined", "unavailable"];

    public static string NameOf(BatchResult result) => ResultNames[(int)result];

    /// <param name="department">The proven one, or null.</param>
    /// <param name="changes">How many the batch held.</param>
    public static void Record(string? department, BatchResult result, int changes, TimeSpan elapsed)
    {
        var tags = new TagList { { "department", department ?? "unproven" }, { "result", NameOf(result) } };
        Batches.Add(1, tags);
        Duration.Record(elapsed.TotalSeconds, new TagList { { "result", NameOf(result) } });
        if (result == BatchResult.Applied)
            Changes.Add(changes, new TagList { { "department", department } });
    }
}
