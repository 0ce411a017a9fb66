using System.Text;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Contracts;

/// <summary>
/// What types.proto says of a value, checked in one place: when a batch is applied and when a live value comes back. No rule text
/// ever quotes a value. Thread safe.
/// </summary>
public static class ValueRules
{
    private const int DecimalDigitsMax = 28;
    private const int NanosPerSecond = 1_000_000_000;

    // 0001-01-01T00:00:00Z and 9999-12-31T23:59:59Z.
    private const long FirstSecond = -62_135_596_800;
    private const long LastSecond = 253_402_300_799;

    /// <summary>The rule that the value breaks, as a phrase "must ...", or null where it is a proper value of the declared type.</summary>
    public static string? Violation(Wire.Value value, Wire.ValueType declared) => (value.KindCase, declared) switch
    {
        (Wire.Value.KindOneofCase.Text, Wire.ValueType.Text) => TextViolation(value.Text),
        (Wire.Value.KindOneofCase.Integer, Wire.ValueType.Integer) => null,
        (Wire.Value.KindOneofCase.Decimal, Wire.ValueType.Decimal) =>
            IsDecimal(value.Decimal) ? null : "must be plain decimal notation, at most 28 digits on either side of the point",
        (Wire.Value.KindOneofCase.Flag, Wire.ValueType.Flag) => null,
        (Wire.Value.KindOneofCase.Date, Wire.ValueType.Date) => IsDate(value.Date) ? null : "must be a day of the calendar, year 1 to 9999",
        (Wire.Value.KindOneofCase.Timestamp, Wire.ValueType.Timestamp) =>
            IsTimestamp(value.Timestamp) ? null : "must be a moment of the years 1 to 9999",
        (Wire.Value.KindOneofCase.Code, Wire.ValueType.Code) =>
            IsCode(value.Code) ? null : "must be a code of 1 to 64 characters without white space or control characters",
        (Wire.Value.KindOneofCase.None, _) => "must have exactly one kind",
        _ => "must be of the type that the catalogue declares for the attribute",
    };

    /// <summary>Whether the moment lies in the years 1 to 9999 and its nanoseconds in one second, as google.protobuf.Timestamp demands.</summary>
    public static bool IsTimestamp(Timestamp moment) =>
        moment.Seconds is >= FirstSecond and <= LastSecond && (uint)moment.Nanos < NanosPerSecond;

    private static string? TextViolation(string text)
    {
        if (Encoding.UTF8.GetByteCount(text) > WireLimits.TextBytesMax)
            return "must be at most 4,096 bytes of UTF-8";
        foreach (var c in text)
        {
            if (char.IsControl(c) && c is not ('\t' or '\n'))
                return "must hold no control characters but tab and line feed";
        }

        return null;
    }

    private static bool IsDecimal(string text)
    {
        var digits = text.AsSpan();
        if (digits.StartsWith('-'))
            digits = digits[1..];
        var point = digits.IndexOf('.');
        return point < 0 ? IsDigits(digits) : IsDigits(digits[..point]) && IsDigits(digits[(point + 1)..]);
    }

    private static bool IsDigits(ReadOnlySpan<char> text) =>
        text.Length is >= 1 and <= DecimalDigitsMax && !text.ContainsAnyExceptInRange('0', '9');

    private static bool IsDate(Wire.Date date) =>
        date.Year is >= 1 and <= 9999 && date.Month is >= 1 and <= 12
        && date.Day >= 1 && date.Day <= DateTime.DaysInMonth(date.Year, date.Month);

    private static bool IsCode(string code)
    {
        if (code.Length is < 1 or > WireLimits.CodeLengthMax)
            return false;
        foreach (var c in code)
        {
            if (char.IsWhiteSpace(c) || char.IsControl(c))
                return false;
        }

        return true;
    }
}
