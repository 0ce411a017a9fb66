using CsCheck;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Contracts.Identifiers;

[TestFixture]
internal sealed class DeclaredSchemeTests
{
    private const SchemeNormalization BodyName = SchemeNormalization.Trim | SchemeNormalization.CollapseSpace | SchemeNormalization.Nfc;

    [TestCase(SchemeNormalization.None, "Ab-1", "Ab-1")]
    [TestCase(SchemeNormalization.Trim, "  Ab 1\u3000", "Ab 1")]
    [TestCase(SchemeNormalization.CollapseSpace, "Home \u00A0  Office", "Home Office")]
    [TestCase(SchemeNormalization.Upper, "straße é", "STRAßE É")]
    [TestCase(SchemeNormalization.Lower, "ÀB", "àb")]
    [TestCase(SchemeNormalization.Digits, "12-34 / 56.7", "1234567")]
    [TestCase(SchemeNormalization.Digits, "１２\u0663", "123")]
    [TestCase(SchemeNormalization.Nfc, "Cyngor Gwyneddw\u0302", "Cyngor Gwynedd\u0175")]
    [TestCase(SchemeNormalization.Lower | SchemeNormalization.Nfc, "W\u0302", "\u0175")]
    [TestCase(BodyName, " Ministry\tof ", null, Description = "a tab is a control character")]
    [TestCase(BodyName, "  Ministry   of\u2003Cafe\u0301s ", "Ministry of Caf\u00E9s")]
    public void TryCanonicalize_Steps_AreTaken(SchemeNormalization steps, string raw, string? expected)
    {
        var scheme = new DeclaredScheme("s", ".+", null, steps);
        Assert.That(scheme.TryCanonicalize(raw, out var canonical), Is.EqualTo(expected is not null));
        Assert.That(canonical, Is.EqualTo(expected ?? ""));
    }

    [TestCase("a\0b", Description = "NUL")]
    [TestCase("a\r\n", Description = "CRLF")]
    [TestCase("\u001B[31ma", Description = "terminal escape")]
    [TestCase("\uD83D", Description = "lone surrogate")]
    [TestCase("a\uDE00b", Description = "lone low surrogate")]
    [TestCase("a\uFFFD", Description = "what damaged UTF-8 turns into")]
    [TestCase("a\u202Eb", Description = "bidirectional override")]
    [TestCase("a\u2066b", Description = "bidirectional isolate")]
    [TestCase("a\u200Bb", Description = "zero width space")]
    [TestCase("a\u200Db", Description = "zero width joiner")]
    [TestCase("\uFEFFa", Description = "byte order mark")]
    [TestCase("a\u00ADb", Description = "soft hyphen")]
    [TestCase("a\uFE0F", Description = "variation selector")]
    [TestCase("a\u3164", Description = "Hangul filler")]
    [TestCase("a\u034F", Description = "grapheme joiner")]
    [TestCase("a\uDB40\uDC41", Description = "tag character")]
    [TestCase("a\uE000", Description = "private use")]
    [TestCase("a\u0378", Description = "unassigned")]
    [TestCase("a\u2028b", Description = "line separator")]
    [TestCase("a\u00A0b", Description = "a space that is not the space")]
    [TestCase("", Description = "empty")]
    public void TryCanonicalize_TextThatIsNotPlain_IsRefused(string raw) =>
        Assert.That(new DeclaredScheme("s", @"[\s\S]*", null, SchemeNormalization.None).TryCanonicalize(raw, out _), Is.False);

    [TestCase("[A-Z]{3}[0-9]+", "DCM048", true)]
    [TestCase("[A-Z]{3}[0-9]+", "xDCM048", false)]
    [TestCase("[A-Z]{3}[0-9]+", "DCM048x", false)]
    [TestCase("a|b", "ab", false)]
    public void TryCanonicalize_Pattern_MatchesTheWhole(string pattern, string raw, bool valid) =>
        Assert.That(new DeclaredScheme("s", pattern, null, SchemeNormalization.None).TryCanonicalize(raw, out _), Is.EqualTo(valid));

    [TestCase("ab", false)]
    [TestCase("abc", true)]
    [TestCase("a\U00020000c", true, Description = "one character beyond the first plane")]
    [TestCase("abcd", false)]
    public void TryCanonicalize_Length_CountsCharacters(string raw, bool valid) =>
        Assert.That(new DeclaredScheme("s", null, 3, SchemeNormalization.None).TryCanonicalize(raw, out _), Is.EqualTo(valid));

    [TestCase(256, 'a', true)]
    [TestCase(257, 'a', false)]
    [TestCase(85, '中', true)]
    [TestCase(86, '中', false)]
    public void TryCanonicalize_Longest_IsCountedInBytes(int length, char c, bool valid) =>
        Assert.That(new DeclaredScheme("s", ".+", null, SchemeNormalization.None).TryCanonicalize(new string(c, length), out _), Is.EqualTo(valid));

    [Test]
    public void TryCanonicalize_PatternMadeToExplode_AnswersAtOnce()
    {
        var scheme = new DeclaredScheme("s", "(a|a|aa)+b", null, SchemeNormalization.None);
        Assert.That(scheme.TryCanonicalize(new string('a', 256), out _), Is.False);
    }

    [TestCase("UK", "a", null, SchemeNormalization.None, "name")]
    [TestCase("cn-resident", "a", null, SchemeNormalization.None, "name")]
    [TestCase("s", null, null, SchemeNormalization.None, "pattern")]
    [TestCase("s", "a", 1, SchemeNormalization.None, "pattern")]
    [TestCase("s", "(", null, SchemeNormalization.None, "pattern")]
    [TestCase("s", "a)|(b", null, SchemeNormalization.None, "pattern")]
    [TestCase("s", "(?=a)a", null, SchemeNormalization.None, "pattern", Description = "look-around")]
    [TestCase("s", @"(a)\1", null, SchemeNormalization.None, "pattern", Description = "back-reference")]
    [TestCase("s", "", null, SchemeNormalization.None, "pattern")]
    [TestCase("s", null, 0, SchemeNormalization.None, "length")]
    [TestCase("s", null, 257, SchemeNormalization.None, "length")]
    [TestCase("s", "a", null, SchemeNormalization.Upper | SchemeNormalization.Lower, "normalize")]
    public void Validate_WrongDeclaration_NamesTheField(string name, string? pattern, int? length, SchemeNormalization steps, string field)
    {
        Assert.That(DeclaredScheme.Validate(name, pattern, length, steps).Select(error => error.Field), Is.EqualTo([field]));
        Assert.That(() => new DeclaredScheme(name, pattern, length, steps), Throws.ArgumentException);
    }

    [Test]
    public void Validate_SeveralErrors_NamesAll() => Assert.That(
        DeclaredScheme.Validate("UK", "(", 0, SchemeNormalization.Upper | SchemeNormalization.Lower).Select(error => error.Field).Distinct(),
        Is.EqualTo(["name", "pattern", "length", "normalize"]));

    [Test]
    public void TryCanonicalize_AnyText_NeverThrowsAndIsIdempotent()
    {
        var schemes = Enumerable.Range(0, 64).Select(bits => (SchemeNormalization)bits)
            .Where(steps => !steps.HasFlag(SchemeNormalization.Upper | SchemeNormalization.Lower))
            .Select(steps => new DeclaredScheme("s", ".+", null, steps)).ToArray();
        var marked = Gen.String[Gen.Char["aAiIıİſßK \u3000\u0301\u0302\u0307\u0323\u0345ǅΰÅ\u1100\u1161\u11A8가\uD83D\uDE00１9-"], 0, 12];
        Gen.Select(Gen.OneOf(Gen.String, marked), Gen.Int[0, schemes.Length - 1].Select(i => schemes[i])).Sample((text, scheme) =>
            !scheme.TryCanonicalize(text, out var canonical) || (scheme.TryCanonicalize(canonical, out var again) && ReferenceEquals(again, canonical)));
    }

    [TestCase("trim", SchemeNormalization.Trim)]
    [TestCase("collapse-space", SchemeNormalization.CollapseSpace)]
    [TestCase("digits", SchemeNormalization.Digits)]
    [TestCase("upper", SchemeNormalization.Upper)]
    [TestCase("lower", SchemeNormalization.Lower)]
    [TestCase("nfc", SchemeNormalization.Nfc)]
    public void SchemeNormalizations_Word_RoundTrips(string word, SchemeNormalization step)
    {
        Assert.That(SchemeNormalizations.TryParse(word, out var parsed), Is.True);
        Assert.That(parsed, Is.EqualTo(step));
        Assert.That(SchemeNormalizations.WordsOf(step), Is.EqualTo([word]));
        Assert.That(SchemeNormalizations.TryParse(word.ToUpperInvariant(), out _), Is.False);
    }
}
