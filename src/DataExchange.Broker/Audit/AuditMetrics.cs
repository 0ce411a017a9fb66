using System.Diagnostics.Metrics;
using DataExchange.Hosting;

namespace DataExchange.Broker.Audit;

/// <summary>What a synced write of the log costs and how many entries share one.</summary>
internal static class AuditMetrics
{
    public const string Entries = "dataexchange.audit.group.entries";

    private static readonly Histogram<double> WriteDuration =
        ExchangeDiagnostics.Meter.CreateHistogram<double>("dataexchange.audit.write.duration", "s", "One group of entries: written and synced.");

    private static readonly Histogram<int> GroupEntries =
        ExchangeDiagnostics.Meter.CreateHistogram<int>(Entries, "{entry}", "Entries that shared one write.");

    public static void Record(int entries, TimeSpan elapsed)
    {
        WriteDuration.Record(elapsed.TotalSeconds);
        GroupEntries.Record(entries);
    }
}
