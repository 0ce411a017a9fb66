using CsCheck;
using DataExchange.Cli.Identifiers;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Identifiers;

[TestFixture]
internal sealed class ValueLinesTests
{
    [TestCase("", new string[0])]
    [TestCase("a", new[] { "a" })]
    [TestCase("a\nb\n", new[] { "a", "b" })]
    [TestCase("a\r\n\r\n\nb\r\n", new[] { "a", "b" })]
    [TestCase("a\rb\n", new[] { "a\rb" }, Description = "a carriage return alone ends no line")]
    [TestCase(" a \n", new[] { " a " }, Description = "spaces are the scheme's affair")]
    public void Read_Lines_AreValues(string text, string[] expected) =>
        Assert.That(ValueLines.Read(new StringReader(text)), Is.EqualTo(expected));

    [Test]
    public void Read_EndlessLine_IsCutWhereEverySchemeRefusesItAnyway()
    {
        var values = ValueLines.Read(new StringReader(new string('1', 1_000_000) + "\n2")).ToArray();
        Assert.That(values.Select(value => value.Length), Is.EqualTo([1025, 1]));
    }

    [Test]
    public void Read_AnyText_EqualsSplittingIt() => Gen.String[Gen.Char["ab \r\n"], 0, 50].Sample(text =>
        ValueLines.Read(new StringReader(text)).SequenceEqual(
            text.Split('\n').Select(line => line.EndsWith('\r') ? line[..^1] : line).Where(line => line.Length > 0)));
}
