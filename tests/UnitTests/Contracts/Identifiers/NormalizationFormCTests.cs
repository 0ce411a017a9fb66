using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Contracts.Identifiers;

/// <summary>Cases of UAX #15 and of Unicode's NormalizationTest.txt: each rule of form C by an example that needs it.</summary>
internal sealed class NormalizationFormCTests
{
    private static readonly DeclaredScheme Scheme = new("s", ".+", null, SchemeNormalization.Nfc);

    [TestCase("D\u0307", "\u1E0A", Description = "composed")]
    [TestCase("\u1E0A\u0323", "\u1E0C\u0307", Description = "taken apart, put in order, composed with the nearer")]
    [TestCase("a\u0323\u0302", "\u1EAD", Description = "composed twice")]
    [TestCase("a\u0302\u0323", "\u1EAD", Description = "ordered first")]
    [TestCase("a\u0305\u0301", "a\u0305\u0301", Description = "the same class blocks")]
    [TestCase("a\u0315\u0300\u05AEb", "\u00E0\u05AE\u0315b", Description = "three classes in order")]
    [TestCase("a\u0301b\u0301", "\u00E1b\u0301", Description = "a starter begins anew")]
    [TestCase("\u0301a", "\u0301a", Description = "nothing before the mark")]
    [TestCase("\u0308\u0301", "\u0308\u0301", Description = "a mark composes with no mark")]
    [TestCase("\u0344", "\u0308\u0301", Description = "taken apart for good")]
    [TestCase("\u0958", "\u0915\u093C", Description = "excluded from composition")]
    [TestCase("\u212B", "\u00C5", Description = "a sign that is a letter")]
    [TestCase("\u2126", "\u03A9", Description = "one for one")]
    [TestCase("\u0BC6\u0BBE", "\u0BCA", Description = "two starters, adjacent")]
    [TestCase("\u0BC6\u0301\u0BBE", "\u0BC6\u0301\u0BBE", Description = "two starters, not adjacent")]
    [TestCase("\uD834\uDD5E", "\uD834\uDD57\uD834\uDD65", Description = "beyond the first plane")]
    [TestCase("\u1100\u1161", "\uAC00", Description = "the first syllable")]
    [TestCase("\u1100\u1161\u11A8", "\uAC01", Description = "with a final consonant")]
    [TestCase("\u1112\u1175\u11C2", "\uD7A3", Description = "the last syllable")]
    [TestCase("\uAC00\u11A8", "\uAC01", Description = "a syllable and a final consonant")]
    [TestCase("\uAC00\u11C2", "\uAC1B", Description = "the last final consonant")]
    [TestCase("\uAC00\u11C3", "\uAC00\u11C3", Description = "behind the last")]
    [TestCase("\uAC00\u11A7", "\uAC00\u11A7", Description = "before the first")]
    [TestCase("\uAC01\u11A8", "\uAC01\u11A8", Description = "a syllable that has one")]
    [TestCase("\u1113\u1161", "\u1113\u1161", Description = "a leading consonant that composes not")]
    [TestCase("\u1100\u1176", "\u1100\u1176", Description = "a vowel that composes not")]
    [TestCase("\uAC00", "\uAC00")]
    [TestCase("\uD7A3", "\uD7A3")]
    [TestCase("\u00E0b", "\u00E0b", Description = "nothing to do")]
    public void TryCanonicalize_FormC_IsUnicodes(string raw, string expected)
    {
        Assert.That(Scheme.TryCanonicalize(raw, out var canonical), Is.True);
        Assert.That(canonical, Is.EqualTo(expected));
        Assert.That(Scheme.TryCanonicalize(expected, out var again) && ReferenceEquals(again, expected), Is.True, "form C is its own");
    }

    [TestCase("DCM048")]
    [TestCase("\u00C5ngstr\u00F6m \u02FF")]
    public void TryCanonicalize_NothingAbove02FF_IsTheSameInstance(string raw) =>
        Assert.That(Scheme.TryCanonicalize(raw, out var canonical) && ReferenceEquals(canonical, raw), Is.True);
}
