using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Contracts.Identifiers;

[TestFixture]
internal sealed class IdentifierSchemesTests
{
    private static readonly IdentifierSchemes Schemes = new([new DeclaredScheme("coins", "[A-Z0-9]+", null, SchemeNormalization.Upper)]);

    [Test]
    public void TryRead_OtherSpelling_IsCanonical()
    {
        Assert.That(Schemes.TryRead(new Wire.Identifier { Scheme = "coins", Value = "dcm048" }, "subject", out var identifier, out var error), Is.True);
        Assert.That(identifier, Is.EqualTo(new Identifier("coins", "DCM048")));
        Assert.That(error, Is.EqualTo(default(FieldError)));
    }

    [TestCase(null, null, "subject")]
    [TestCase("", "", "subject.scheme")]
    [TestCase("COINS", "DCM048", "subject.scheme")]
    [TestCase("no-such", "canary-4711", "subject.scheme")]
    [TestCase("coins", "", "subject.value")]
    [TestCase("coins", "canary-4711", "subject.value")]
    [TestCase("cn-resident", "canary-4711", "subject.value")]
    public void TryRead_Wrong_NamesTheFieldAndNeverTheValue(string? scheme, string? value, string field)
    {
        var wire = scheme is null ? null : new Wire.Identifier { Scheme = scheme, Value = value };
        Assert.That(Schemes.TryRead(wire, "subject", out var identifier, out var error), Is.False);
        Assert.That(identifier, Is.EqualTo(default(Identifier)));
        Assert.That(error.Field, Is.EqualTo(field));
        Assert.That(error.ToString(), Does.Not.Contain("canary").IgnoreCase);
    }

    [Test]
    public void Names_BuiltInAndDeclared_AreListed() => Assert.That(Schemes.Names, Is.EqualTo(["cn-resident", "cn-uscc", "coins"]));

    [Test]
    public void Constructor_NameTwice_IsRefused() => Assert.That(
        () => new IdentifierSchemes([new DeclaredScheme("s", null, 1, default), new DeclaredScheme("s", null, 2, default)]), Throws.ArgumentException);

    [Test]
    public void IdentifierAndCheck_AsText_HideTheValue()
    {
        Assert.That(new Identifier("coins", "canary-4711").ToString(), Does.Not.Contain("4711"));
        Assert.That(new IdentifierCheck("canary-4711", true, null, null, null).ToString(), Does.Not.Contain("4711"));
    }
}
