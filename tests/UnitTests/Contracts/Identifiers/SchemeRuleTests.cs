using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Contracts.Identifiers;

/// <summary>What declared schemes say of a declaration, at the edges, and what they refuse to tell apart.</summary>
internal sealed class SchemeRuleTests
{
    [TestCase("UK", null, 1, SchemeNormalization.None, "name must be 1 to 63 characters of a-z, 0-9 and '-', not starting with '-'")]
    [TestCase("cn-uscc", null, 1, SchemeNormalization.None, "name must not be that of a built-in scheme")]
    [TestCase("s", null, null, SchemeNormalization.None, "pattern or length must be given, and not both")]
    [TestCase("s", "(", null, SchemeNormalization.None, "pattern must be a regular expression of 1 to 256 characters without look-around and back-references")]
    [TestCase("s", null, 0, SchemeNormalization.None, "length must be 1 to 256")]
    [TestCase("s", null, 1, SchemeNormalization.Upper | SchemeNormalization.Lower, "normalize must not hold both upper and lower")]
    [TestCase("s", null, 1, SchemeNormalization.CollapseSpace | SchemeNormalization.KeepSpace, "normalize must not hold both collapse-space and keep-space")]
    public void Validate_WrongDeclaration_SaysTheRule(string name, string? pattern, int? length, SchemeNormalization steps, string expected)
    {
        var error = DeclaredScheme.Validate(name, pattern, length, steps).Single();

        Assert.That($"{error.Field} {error.Rule}", Is.EqualTo(expected));
        Assert.That(() => new DeclaredScheme(name, pattern, length, steps), Throws.ArgumentException.With.Message.EqualTo(expected));
    }

    [TestCase(1)]
    [TestCase(256)]
    public void Validate_LengthAtItsEdge_IsRight(int length) => Assert.That(DeclaredScheme.Validate("s", null, length, default), Is.Empty);

    [Test]
    public void Validate_PatternAtItsEdge_IsRightAndBeyondItWrong()
    {
        Assert.That(DeclaredScheme.Validate("s", new string('a', DeclaredScheme.PatternLengthMax), null, default), Is.Empty);
        Assert.That(DeclaredScheme.Validate("s", new string('a', DeclaredScheme.PatternLengthMax + 1), null, default), Has.Count.EqualTo(1));
    }

    [Test]
    public void TryCanonicalize_RawTextAtItsEdge_IsReadAndBeyondItRefused()
    {
        var scheme = new DeclaredScheme("s", "a", null, SchemeNormalization.Trim);

        Assert.That(scheme.TryCanonicalize("a".PadRight(DeclaredScheme.RawLengthMax), out _), Is.True);
        Assert.That(scheme.TryCanonicalize("a".PadRight(DeclaredScheme.RawLengthMax + 1), out _), Is.False);
    }

    [TestCase(SchemeNormalization.KeepSpace, "a\u00A0b", "a\u00A0b")]
    [TestCase(SchemeNormalization.None, "a\u00A0b", null)]
    [TestCase(SchemeNormalization.None, "a b", "a b")]
    [TestCase(SchemeNormalization.CollapseSpace, "a\u00A0b", "a b")]
    [TestCase(SchemeNormalization.CollapseSpace, " a  b ", " a b ")]
    [TestCase(SchemeNormalization.CollapseSpace, "a  b   c", "a b c")]
    [TestCase(SchemeNormalization.Digits, "12a4", null)]
    [TestCase(SchemeNormalization.Digits, "0-9", "09")]
    [TestCase(SchemeNormalization.Digits, "1\u00A02", "12")]
    [TestCase(SchemeNormalization.Trim, "\u00A0a ", "a")]
    [TestCase(SchemeNormalization.None, " a", " a")]
    public void TryCanonicalize_WhiteSpaceAndDigits_AreAsTheStepsSay(SchemeNormalization steps, string raw, string? expected)
    {
        var scheme = new DeclaredScheme("s", ".*", null, steps);

        Assert.That(scheme.TryCanonicalize(raw, out var canonical), Is.EqualTo(expected is not null));
        Assert.That(canonical, Is.EqualTo(expected ?? ""));
        Assert.That(scheme.Check(raw), Is.EqualTo(expected is null ? IdentifierCheck.Shapeless : new IdentifierCheck(expected, true, null, null, null)));
    }

    [TestCase(" ", true)]
    [TestCase("~", true)]
    [TestCase("\u007F", false)]
    [TestCase("\u001F", false)]
    [TestCase("a\u0000", false)]
    [TestCase("\u00A1", true)]
    [TestCase("\u115F", false)]
    [TestCase("\u1160", false)]
    [TestCase("\u1161", true)]
    [TestCase("\u17B4", false)]
    [TestCase("\u17B5", false)]
    [TestCase("\u17B6", true)]
    [TestCase("\u180A", true)]
    [TestCase("\u180B", false)]
    [TestCase("\u180F", false)]
    [TestCase("\u1810", true)]
    [TestCase("\uFDFF", true)]
    [TestCase("\uFE00", false)]
    [TestCase("\uFE0F", false)]
    [TestCase("\uFE10", true)]
    [TestCase("\uFFA0", false)]
    [TestCase("\u2029", false)]
    [TestCase("\uDB40\uDD00", false)]
    [TestCase("\uD83D\uDE00", true)]
    public void TryCanonicalize_EdgesOfWhatIsSeen_AreUnicodes(string raw, bool plain) =>
        Assert.That(new DeclaredScheme("s", null, 1, default).TryCanonicalize(raw, out _), Is.EqualTo(plain));

    [Test]
    public void Words_OfAllSteps_StandInTheirOrder()
    {
        Assert.That(SchemeNormalizations.WordsOf((SchemeNormalization)127), Is.EqualTo(new[] { "trim", "collapse-space", "digits", "upper", "lower", "nfc", "keep-space" }));
        Assert.That(SchemeNormalizations.TryParse("keep-space", out var step) && step == SchemeNormalization.KeepSpace, Is.True);
        Assert.That(SchemeNormalizations.TryParse("", out _), Is.False);
    }

    [Test]
    public void TryRead_Wrong_SaysTheRule()
    {
        string RuleOf(Wire.Identifier? wire) => IdentifierSchemes.BuiltIn.TryRead(wire, "subject", out _, out var error) ? "" : $"{error.Field} {error.Rule}";

        Assert.That(RuleOf(null), Is.EqualTo("subject must be present"));
        Assert.That(RuleOf(new Wire.Identifier { Scheme = "no-such" }), Is.EqualTo("subject.scheme must be a scheme of this exchange"));
        Assert.That(RuleOf(new Wire.Identifier { Scheme = "cn-uscc" }), Is.EqualTo("subject.value must be valid in its scheme"));
    }

    [Test]
    public void AsText_OfIdentifierAndCheck_IsSchemeAndVerdict()
    {
        Assert.That(new Identifier("coins", "DCM048").ToString(), Is.EqualTo("coins:*"));
        Assert.That(new IdentifierCheck("DCM048", true, null, null, null).ToString(), Is.EqualTo("shape True, valid True"));
        Assert.That(new Identifier("coins", "DCM048").ToWire(), Is.EqualTo(new Wire.Identifier { Scheme = "coins", Value = "DCM048" }));
    }

    [Test]
    public void Schemes_BuiltIn_AreFoundByTheirNamesAlone()
    {
        Assert.That(IdentifierSchemes.BuiltIn.Names, Is.EqualTo(new[] { "cn-resident", "cn-uscc" }));
        Assert.That(IdentifierSchemes.BuiltIn.TryFind("cn-uscc", out var scheme) && scheme.Name == "cn-uscc", Is.True);
        Assert.That(IdentifierSchemes.BuiltIn.TryFind("CN-USCC", out _), Is.False);
        Assert.That(IdentifierSchemes.IsBuiltIn("cn-resident") && IdentifierSchemes.IsBuiltIn("cn-uscc") && !IdentifierSchemes.IsBuiltIn("coins"), Is.True);
    }
}
