using System.Diagnostics.Metrics;
using DataExchange.Hosting;

namespace DataExchange.Broker.Index;

/// <summary>What a synced write of the index costs and how much shares one; how much is in the index, health says.</summary>
internal static class IndexMetrics
{
    private static readonly Histogram<double> Duration =
        ExchangeDiagnostics.Meter.CreateHistogram<double>("dataexchange.index.write.duration", "s", "One group of batches: read, merged, written and synced.");

    private static readonly Histogram<int> Batches =
        ExchangeDiagnostics.Meter.CreateHistogram<int>("dataexchange.index.group.batches", "{batch}", "Batches that shared one write.");

    private static readonly Counter<long> Broken =
        ExchangeDiagnostics.Meter.CreateCounter<long>("dataexchange.index.seals.broken", "{value}", "Held values that a lookup could not unseal.");

    public static void CountBroken() => Broken.Add(1);

    public static void Record(int batches, TimeSpan elapsed)
    {
        Duration.Record(elapsed.TotalSeconds);
        Batches.Record(batches);
    }
}
