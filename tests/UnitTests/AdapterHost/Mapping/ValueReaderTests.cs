using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Mapping;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost.Mapping;

internal sealed class ValueReaderTests
{
    [TestCase(AttributeType.Text, null, "any, thing", "{ \"text\": \"any, thing\" }")]
    [TestCase(AttributeType.Integer, null, "-12", "{ \"integer\": \"-12\" }")]
    [TestCase(AttributeType.Decimal, null, "1.50", "{ \"decimal\": \"1.50\" }")]
    [TestCase(AttributeType.Flag, null, "true", "{ \"flag\": true }")]
    [TestCase(AttributeType.Date, null, "2024-02-29", "{ \"date\": { \"year\": 2024, \"month\": 2, \"day\": 29 } }")]
    [TestCase(AttributeType.Date, "d.M.yyyy", "1.2.2024", "{ \"date\": { \"year\": 2024, \"month\": 2, \"day\": 1 } }")]
    [TestCase(AttributeType.Timestamp, null, "2026-01-31T08:00:00Z", "{ \"timestamp\": \"2026-01-31T08:00:00Z\" }")]
    [TestCase(AttributeType.Timestamp, null, "2026-01-31T08:00:00+08:00", "{ \"timestamp\": \"2026-01-31T00:00:00Z\" }")]
    [TestCase(AttributeType.Timestamp, "dd/MM/yyyy HH:mm", "31/01/2026 08:00", "{ \"timestamp\": \"2026-01-31T08:00:00Z\" }")]
    [TestCase(AttributeType.Code, null, "abc", "{ \"code\": \"abc\" }")]
    public void TryRead_TextOfTheType_IsTheValue(AttributeType type, string? format, string text, string value)
    {
        var read = Reader(type, format).TryRead(text, out var result, out _);

        Assert.That(read, Is.True);
        Assert.That(result.ToString(), Is.EqualTo(value));
    }

    [TestCase(AttributeType.Integer, "1.0")]
    [TestCase(AttributeType.Integer, "9223372036854775808")]
    [TestCase(AttributeType.Decimal, "1,5")]
    [TestCase(AttributeType.Decimal, "1e5")]
    [TestCase(AttributeType.Flag, "yes")]
    [TestCase(AttributeType.Date, "2023-02-29")]
    [TestCase(AttributeType.Timestamp, "soon")]
    [TestCase(AttributeType.Code, "a b")]
    [TestCase(AttributeType.Text, "bell\u0007")]
    public void TryRead_TextOfAnotherType_IsRefusedByARuleThatDoesNotQuoteIt(AttributeType type, string text)
    {
        var read = Reader(type).TryRead(text, out _, out var rule);

        Assert.That(read, Is.False);
        Assert.That(rule, Does.StartWith("must ").And.Not.Contain(text));
    }

    [TestCase("2026-01-31 08:00:00", "2026-01-31T08:00:00Z")]
    [TestCase("2026-07-31 08:00:00", "2026-07-31T07:00:00Z")]
    [TestCase("2026-10-25 01:30:00", "2026-10-25T00:30:00Z")]
    [TestCase("2026-03-29 01:30:00", null)]
    public void TryRead_ClockOfAZone_IsTheMoment(string text, string? moment)
    {
        var read = Reader(AttributeType.Timestamp, zone: "Europe/London").TryRead(text, out var value, out _);

        Assert.That(read ? value.Timestamp.ToString().Trim('"') : null, Is.EqualTo(moment));
    }

    [Test]
    public void TryRead_DecimalComma_IsOnlyThat()
    {
        var reader = new ValueReader(new AttributeConfig { Name = "a", Type = AttributeType.Decimal, DecimalMark = "," }, null);

        Assert.That((reader.TryRead("1,50", out var value, out _), value?.Decimal), Is.EqualTo((true, "1.50")));
        Assert.That(reader.TryRead("1.000,50", out _, out _), Is.False);
    }

    private static ValueReader Reader(AttributeType type, string? format = null, string? zone = null) =>
        new(new AttributeConfig { Name = "a", Type = type, Format = format, TimeZone = zone }, null);
}
