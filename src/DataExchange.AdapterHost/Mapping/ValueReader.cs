using System.Globalization;
using DataExchange.AdapterHost.Configuration;
using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.AdapterHost.Mapping;

/// <summary>From the text of a cell to a typed value. Thread safe.</summary>
internal sealed class ValueReader
{
    private static readonly Dictionary<string, string> Flags = new() { ["true"] = "true", ["false"] = "false" };

    private readonly AttributeType _type;
    private readonly IReadOnlyDictionary<string, string>? _codes;
    private readonly string _decimalMark;
    private readonly string? _format;
    private readonly MomentReader _moments;

    /// <param name="codes">Of the attribute itself or of its list; null where a code is taken as it stands.</param>
    public ValueReader(AttributeConfig config, IReadOnlyDictionary<string, string>? codes)
    {
        _type = config.Type!.Value;
        _codes = codes ?? (_type == AttributeType.Flag ? Flags : null);
        (_decimalMark, _format) = (config.DecimalMark, config.Format);
        _moments = new MomentReader(config.Format, config.TimeZone);
    }

    /// <summary>False with the rule that the text breaks; never anything of the text.</summary>
    /// <param name="text">Not empty.</param>
    public bool TryRead(string text, out Wire.Value value, out string rule)
    {
        var read = _type switch
        {
            AttributeType.Text => new Wire.Value { Text = text },
            AttributeType.Integer => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
                ? new Wire.Value { Integer = number } : null,
            AttributeType.Decimal => ReadDecimal(text),
            AttributeType.Flag => _codes!.TryGetValue(text, out var flag) ? new Wire.Value { Flag = flag == "true" } : null,
            AttributeType.Date => ReadDate(text),
            AttributeType.Timestamp => _moments.TryRead(text, out var moment) ? new Wire.Value { Timestamp = Timestamp.FromDateTimeOffset(moment) } : null,
            _ => _codes is null ? new Wire.Value { Code = text } : _codes.TryGetValue(text, out var code) ? new Wire.Value { Code = code } : null,
        };
        value = read!;
        rule = read is null ? Rule : ValueRules.Violation(read, (Wire.ValueType)read.KindCase) ?? "";
        return rule.Length == 0;
    }

    private string Rule => _type switch
    {
        AttributeType.Integer => "must be a whole number of 64 bits",
        AttributeType.Decimal => $"must be a plain decimal number with '{_decimalMark}'",
        AttributeType.Flag or AttributeType.Code => "must be one of the declared codes",
        AttributeType.Date => $"must be a day as {_format ?? MomentReader.DayFormat}",
        _ => $"must be a moment as {_format ?? "2026-01-31T08:00:00Z"}",
    };

    private Wire.Value? ReadDecimal(string text) =>
        _decimalMark == "." || !text.Contains('.', StringComparison.Ordinal) ? new Wire.Value { Decimal = text.Replace(_decimalMark, ".", StringComparison.Ordinal) } : null;

    private Wire.Value? ReadDate(string text) => DateOnly.TryParseExact(text, _format ?? MomentReader.DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
        ? new Wire.Value { Date = new Wire.Date { Year = day.Year, Month = day.Month, Day = day.Day } }
        : null;
}
