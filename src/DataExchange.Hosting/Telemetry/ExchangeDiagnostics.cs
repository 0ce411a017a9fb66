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
}
