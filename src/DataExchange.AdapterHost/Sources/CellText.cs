using System.Globalization;
using System.Text.Json;

namespace DataExchange.AdapterHost.Sources;

/// <summary>Cells as text, however a source types them; the same for every source, so that one mapping fits all.</summary>
internal static class CellText
{
    /// <summary>Null for nothing.</summary>
    public static string? Of(object? value) => value switch
    {
        null or DBNull => null,
        string text => Clean(text),
        bool flag => flag ? "true" : "false",
        DateOnly day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime { Kind: DateTimeKind.Utc } moment => moment.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        DateTime { TimeOfDay.Ticks: 0 } day => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture),
        DateTime moment => moment.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF", CultureInfo.InvariantCulture),
        DateTimeOffset moment => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture),
        // As many digits as tell it from its neighbours, never with an exponent.
        double number => double.IsFinite(number) && Math.Abs(number) < 1e15 ? ((decimal)number).ToString("0.#############################", CultureInfo.InvariantCulture) : SourceRow.Unreadable,
        float number => Of((double)number),
        Guid id => id.ToString(),
        IFormattable number when number is byte or sbyte or short or ushort or int or uint or long or ulong or decimal => number.ToString(null, CultureInfo.InvariantCulture),
        _ => SourceRow.Unreadable,
    };

    public static string? Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.Undefined => null,
        JsonValueKind.String => Text(element),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        // Digit for digit: a number that went through a double would come back as another.
        JsonValueKind.Number => element.GetRawText(),
        _ => SourceRow.Unreadable,
    };

    private static string? Text(JsonElement element)
    {
        try
        {
            return Clean(element.GetString()!);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, escaped: well-formed JSON that is no text.
            return SourceRow.Unreadable;
        }
    }

    /// <summary>Without white space at the ends. U+FFFD is what a decoder leaves of bytes that are no text.</summary>
    public static string? Clean(string text) => text.Contains('\uFFFD', StringComparison.Ordinal) ? SourceRow.Unreadable : text.Trim();
}
