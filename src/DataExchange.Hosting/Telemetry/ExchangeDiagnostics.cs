using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace DataExchange.Hosting;

/// <summary>
/// The one source of spans and the one meter of the exchange. Tags and labels carry departments, attributes, reasons and counts;
/// never an identifier, a value, or the hash of one.
/// </summary>
public static class ExchangeDiagnostics
{
    public const string Name = "DataExchange";

    public static ActivitySource ActivitySource { get; } = new(Name);

    public static Meter Meter { get; } = new(Name);

    /// <summary>The span at hand as a W3C traceparent, for a message to carry; empty where nothing is traced.</summary>
    public static string Traceparent => Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } ? id : "";

    /// <summary>The parent that a message's traceparent names; the default, which is the span at hand, where it names none.</summary>
    public static ActivityContext ParentOf(string traceparent) =>
        ActivityContext.TryParse(traceparent, traceState: null, isRemote: true, out var parent) && parent.TraceId != default && parent.SpanId != default
            ? parent
            : default;
}
