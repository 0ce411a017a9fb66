using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;
using NUnit.Framework;

namespace DataExchange.UnitTests.Contracts.Values;

[TestFixture]
internal sealed class ValueRulesTests
{
    private static readonly string Digits28 = new('9', 28);

    private static IEnumerable<TestCaseData> Proper() =>
    [
        Case("empty text", new() { Text = "" }, Wire.ValueType.Text),
        Case("text with tab and line feed", new() { Text = "a\tb\nc" }, Wire.ValueType.Text),
        Case("text of 4,096 bytes", new() { Text = new string('x', 4096) }, Wire.ValueType.Text),
        Case("text of 1,365 three-byte characters and one byte", new() { Text = new string('中', 1365) + "x" }, Wire.ValueType.Text),
        Case("smallest integer", new() { Integer = long.MinValue }, Wire.ValueType.Integer),
        Case("zero", new() { Decimal = "0" }, Wire.ValueType.Decimal),
        Case("negative with a fraction", new() { Decimal = "-0.50" }, Wire.ValueType.Decimal),
        Case("longest decimal", new() { Decimal = $"-{Digits28}.{Digits28}" }, Wire.ValueType.Decimal),
        Case("false", new() { Flag = false }, Wire.ValueType.Flag),
        Case("leap day", new() { Date = new() { Year = 2000, Month = 2, Day = 29 } }, Wire.ValueType.Date),
        Case("first day", new() { Date = new() { Year = 1, Month = 1, Day = 1 } }, Wire.ValueType.Date),
        Case("last day", new() { Date = new() { Year = 9999, Month = 12, Day = 31 } }, Wire.ValueType.Date),
        Case("first moment", new() { Timestamp = new() { Seconds = -62_135_596_800 } }, Wire.ValueType.Timestamp),
        Case("last moment", new() { Timestamp = new() { Seconds = 253_402_300_799, Nanos = 999_999_999 } }, Wire.ValueType.Timestamp),
        Case("longest code", new() { Code = new string('C', 64) }, Wire.ValueType.Code),
    ];

    private static IEnumerable<TestCaseData> Improper() =>
    [
        Case("no kind", new(), Wire.ValueType.Text),
        Case("other kind than declared", new() { Integer = 1 }, Wire.ValueType.Text),
        Case("code where text is declared", new() { Code = "A" }, Wire.ValueType.Text),
        Case("undeclared type", new() { Text = "a" }, Wire.ValueType.Unspecified),
        Case("text of 4,097 bytes", new() { Text = new string('x', 4097) }, Wire.ValueType.Text),
        Case("text of 1,366 three-byte characters", new() { Text = new string('中', 1366) }, Wire.ValueType.Text),
        Case("text with NUL", new() { Text = "a\0" }, Wire.ValueType.Text),
        Case("text with carriage return", new() { Text = "a\r\n" }, Wire.ValueType.Text),
        Case("text with a C1 control", new() { Text = "a\u0085" }, Wire.ValueType.Text),
        Case("empty decimal", new() { Decimal = "" }, Wire.ValueType.Decimal),
        Case("decimal with plus", new() { Decimal = "+1" }, Wire.ValueType.Decimal),
        Case("two minus signs", new() { Decimal = "--1" }, Wire.ValueType.Decimal),
        Case("exponent", new() { Decimal = "1e5" }, Wire.ValueType.Decimal),
        Case("no digit before the point", new() { Decimal = ".5" }, Wire.ValueType.Decimal),
        Case("no digit after the point", new() { Decimal = "5." }, Wire.ValueType.Decimal),
        Case("two points", new() { Decimal = "1.2.3" }, Wire.ValueType.Decimal),
        Case("29 digits", new() { Decimal = Digits28 + "9" }, Wire.ValueType.Decimal),
        Case("29 digits after the point", new() { Decimal = $"1.{Digits28}9" }, Wire.ValueType.Decimal),
        Case("Arabic-Indic digit", new() { Decimal = "\u0661" }, Wire.ValueType.Decimal),
        Case("no leap day in 1900", new() { Date = new() { Year = 1900, Month = 2, Day = 29 } }, Wire.ValueType.Date),
        Case("day 0", new() { Date = new() { Year = 2000, Month = 1, Day = 0 } }, Wire.ValueType.Date),
        Case("month 13", new() { Date = new() { Year = 2000, Month = 13, Day = 1 } }, Wire.ValueType.Date),
        Case("year 0", new() { Date = new() { Year = 0, Month = 1, Day = 1 } }, Wire.ValueType.Date),
        Case("year 10000", new() { Date = new() { Year = 10_000, Month = 1, Day = 1 } }, Wire.ValueType.Date),
        Case("before the first moment", new() { Timestamp = new() { Seconds = -62_135_596_801 } }, Wire.ValueType.Timestamp),
        Case("after the last moment", new() { Timestamp = new() { Seconds = 253_402_300_800 } }, Wire.ValueType.Timestamp),
        Case("negative nanoseconds", new() { Timestamp = new() { Nanos = -1 } }, Wire.ValueType.Timestamp),
        Case("a whole second of nanoseconds", new() { Timestamp = new() { Nanos = 1_000_000_000 } }, Wire.ValueType.Timestamp),
        Case("empty code", new() { Code = "" }, Wire.ValueType.Code),
        Case("code of 65 characters", new() { Code = new string('C', 65) }, Wire.ValueType.Code),
        Case("code with a blank", new() { Code = "A B" }, Wire.ValueType.Code),
        Case("code with an ideographic blank", new() { Code = "A\u3000B" }, Wire.ValueType.Code),
        Case("code with escape", new() { Code = "\u001b[0m" }, Wire.ValueType.Code),
    ];

    [TestCaseSource(nameof(Proper))]
    public void Violation_ProperValue_IsNone(Wire.Value value, Wire.ValueType declared) =>
        Assert.That(ValueRules.Violation(value, declared), Is.Null);

    [TestCaseSource(nameof(Improper))]
    public void Violation_ImproperValue_IsARule(Wire.Value value, Wire.ValueType declared) =>
        Assert.That(ValueRules.Violation(value, declared), Does.StartWith("must "));

    [Test]
    public void IsTimestamp_WhatProtobufItselfMakes_IsValid() =>
        Assert.That(ValueRules.IsTimestamp(Timestamp.FromDateTimeOffset(DateTimeOffset.MaxValue)), Is.True);

    private static TestCaseData Case(string name, Wire.Value value, Wire.ValueType declared) =>
        new TestCaseData(value, declared).SetArgDisplayNames(name);
}
