using System.Globalization;
using System.Text;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Fuzzing.Targets;

/// <summary>
/// Values, held against every declared type. At most one type takes a value; what it takes the platform's own types take too; what it refuses it
/// refuses with a rule that repeats nothing.
/// </summary>
internal static class ValueTarget
{
    public static bool Accepts(byte[] message)
    {
        Wire.Value value;
        try
        {
            value = Wire.Value.Parser.ParseFrom(message);
        }
        catch (InvalidProtocolBufferException)
        {
            return false;
        }

        Must.Hold(Wire.Value.Parser.ParseFrom(value.ToByteArray()).Equals(value), "a value written and read is the same");
        var taken = 0;
        foreach (var type in Enum.GetValues<Wire.ValueType>())
        {
            if (ValueRules.Violation(value, type) is { } rule)
                Must.Refuse(rule, message);
            else
                taken++;
        }

        Must.Hold(taken <= 1, "a value has one type");
        if (taken == 1)
            HoldPlatform(value);
        return taken == 1;
    }

    public static IEnumerable<(string, byte[])> Seeds() =>
    [
        .. FuzzExchange.Values.Select(value => (value.Attribute, value.Value.ToByteArray())),
        ("leap-day", new Wire.Value { Date = new() { Year = 2000, Month = 2, Day = 29 } }.ToByteArray()),
        ("28-digits", new Wire.Value { Decimal = new string('9', 28) + "." + new string('9', 28) }.ToByteArray()),
        ("last-moment", new Wire.Value { Timestamp = new() { Seconds = 253_402_300_799, Nanos = 999_999_999 } }.ToByteArray()),
        ("none", []),
    ];

    private static void HoldPlatform(Wire.Value value)
    {
        switch (value.KindCase)
        {
            case Wire.Value.KindOneofCase.Date:
                _ = new DateOnly(value.Date.Year, value.Date.Month, value.Date.Day);
                break;
            case Wire.Value.KindOneofCase.Timestamp:
                _ = value.Timestamp.ToDateTimeOffset();
                break;
            case Wire.Value.KindOneofCase.Decimal:
                Must.Hold(double.TryParse(value.Decimal, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _), "a decimal is a number");
                break;
            case Wire.Value.KindOneofCase.Text:
                Must.Hold(Encoding.UTF8.GetByteCount(value.Text) <= WireLimits.TextBytesMax, "a text has its size");
                break;
            case Wire.Value.KindOneofCase.Code:
                Must.Hold(value.Code.Length is > 0 and <= WireLimits.CodeLengthMax && value.Code.Trim() == value.Code, "a code has its size and no blanks");
                break;
        }
    }
}
