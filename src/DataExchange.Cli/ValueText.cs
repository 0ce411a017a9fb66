using System.Globalization;

namespace DataExchange.Cli;

/// <summary>A typed value as a person reads it.</summary>
internal static class ValueText
{
    public static string Of(Wire.Value value) => value.KindCase switch
    {
        Wire.Value.KindOneofCase.Text => value.Text,
        Wire.Value.KindOneofCase.Integer => value.Integer.ToString(CultureInfo.InvariantCulture),
        Wire.Value.KindOneofCase.Decimal => value.Decimal,
        Wire.Value.KindOneofCase.Flag => value.Flag ? "true" : "false",
        Wire.Value.KindOneofCase.Date => $"{value.Date.Year:D4}-{value.Date.Month:D2}-{value.Date.Day:D2}",
        Wire.Value.KindOneofCase.Timestamp => value.Timestamp.ToDateTimeOffset().ToString("O", CultureInfo.InvariantCulture),
        Wire.Value.KindOneofCase.Code => value.Code,
        _ => "",
    };

    /// <summary>An age in the largest unit that keeps it above one: 1.4 s, 12 min, 3 days.</summary>
    public static string Of(TimeSpan age) => age switch
    {
        { TotalSeconds: < 1 } => $"{age.TotalMilliseconds:0} ms",
        { TotalMinutes: < 2 } => $"{age.TotalSeconds:0.0} s",
        { TotalHours: < 2 } => $"{age.TotalMinutes:0} min",
        { TotalDays: < 2 } => $"{age.TotalHours:0} h",
        _ => $"{age.TotalDays:0} days",
    };
}
