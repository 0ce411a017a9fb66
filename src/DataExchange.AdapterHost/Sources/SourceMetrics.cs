using System.Diagnostics.Metrics;
using DataExchange.Hosting;

namespace DataExchange.AdapterHost.Sources;

/// <summary>Figures of the sources for the metrics endpoint, labelled with the source's name. Lives as long as its host.</summary>
internal sealed class SourceMetrics
{
    public SourceMetrics(IMeterFactory meters, IReadOnlyList<SourceReader> readers)
    {
        var meter = meters.Create(ExchangeDiagnostics.Name);
        meter.CreateObservableCounter("dataexchange.source.rows", () => Of(readers, status => status.Rows), "{row}", "Rows read");
        meter.CreateObservableCounter("dataexchange.source.refused", () => Of(readers, status => status.Refused), "{cell}", "Rows and cells refused, again with each reading");
        meter.CreateObservableGauge("dataexchange.source.stopped", () => Of(readers, status => status.Problem is null ? 0 : 1), "{source}", "1 while the source is not read");
    }

    private static IEnumerable<Measurement<long>> Of(IReadOnlyList<SourceReader> readers, Func<SourceStatus, long> figure) =>
        readers.Select(reader => new Measurement<long>(figure(reader.Status), new KeyValuePair<string, object?>("source", reader.Status.Name)));
}
