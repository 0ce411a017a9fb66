using System.Diagnostics.Metrics;
using DataExchange.Hosting;
using Microsoft.Extensions.Options;

namespace DataExchange.Adapter;

/// <summary>Figures of the stream for the metrics endpoint, labelled with the department. Lives as long as its host.</summary>
internal sealed class AdapterMetrics
{
    private readonly KeyValuePair<string, object?> _department;

    public AdapterMetrics(IMeterFactory meters, Outbox outbox, AdapterProgress progress, IOptions<DepartmentAdapterOptions> options)
    {
        _department = new KeyValuePair<string, object?>("department", options.Value.Department);
        var meter = meters.Create(ExchangeDiagnostics.Name);
        meter.CreateObservableCounter("dataexchange.adapter.published", () => Of(progress.Figures.Published), "{change}", "Changes confirmed by bus or hub");
        meter.CreateObservableGauge("dataexchange.adapter.outbox.changes", () => Of(outbox.LastSequence + 1 - outbox.FirstSequence), "{change}", "Changes kept");
        meter.CreateObservableGauge("dataexchange.adapter.outbox.size", () => Of((ulong)outbox.Bytes), "By", "Payload kept");
        meter.CreateObservableGauge("dataexchange.adapter.lag", () => Of(Lag(progress.Figures)), "{change}", "Changes stored that the hub has not applied");
    }

    private static ulong Lag(AdapterFigures figures) => figures.LastSequence > figures.HubWatermark ? figures.LastSequence - figures.HubWatermark : 0;

    private Measurement<long> Of(ulong figure) => new((long)figure, _department);
}
