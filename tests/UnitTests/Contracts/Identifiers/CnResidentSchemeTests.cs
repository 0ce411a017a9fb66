using CsCheck;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Contracts.Identifiers;

[TestFixture]
internal sealed class CnResidentSchemeTests
{
    // The standard's own example, GB 11643-1999 appendix A.
    private const string Standard = "11010519491231002X";

    private static readonly CnResidentScheme Scheme = new();
    private static readonly DateOnly Today = new(2026, 1, 15);

    private static readonly Gen<string> GenNumber = Gen.Select(
        Gen.Int[110000, 659999], Gen.Date[new DateTime(1800, 1, 1), new DateTime(2199, 12, 31)], Gen.Int[0, 999],
        (area, birth, sequence) => WithCheck($"{area}{birth:yyyyMMdd}{sequence:000}"));

    private static IEnumerable<TestCaseData> Vectors => IdVectors.Of("ric");

    [TestCaseSource(nameof(Vectors))]
    public void TryCanonicalize_PublishedVector_AnswersAsPublished(string value, bool valid)
    {
        Assert.That(Scheme.TryCanonicalize(value, out _), Is.EqualTo(valid));
        Assert.That(Scheme.Check(value, Today).IsValid, Is.EqualTo(valid));
    }

    [Test]
    public void Vectors_OfTheFile_AreAllRead() => Assert.That(Vectors.Count(), Is.EqualTo(36));

    [TestCase(Standard, Standard)]
    [TestCase("11010519491231002x", Standard)]
    [TestCase("１１０１０５１９４９１２３１００２Ｘ", Standard)]
    [TestCase("１１０１０５１９４９１２３１００２ｘ", Standard)]
    [TestCase("110105491231002", Standard)]
    [TestCase("１１０１０５４９１２３１００２", Standard)]
    public void TryCanonicalize_AnotherSpelling_GivesTheOneForm(string raw, string expected)
    {
        Assert.That(Scheme.TryCanonicalize(raw, out var canonical), Is.True);
        Assert.That(canonical, Is.EqualTo(expected));
    }

    [TestCase("")]
    [TestCase(" 11010519491231002X")]
    [TestCase("11010519491231002X\r\n")]
    [TestCase("110105-19491231-002X")]
    [TestCase("11010519491231002\u0425", Description = "Cyrillic Kha")]
    [TestCase("11010519491231002\u2169", Description = "Roman numeral ten")]
    [TestCase("1101051949123100\u0662X", Description = "Arabic-Indic two")]
    [TestCase("11010519491231002\0")]
    [TestCase("11010519491231002\uD800", Description = "lone surrogate")]
    [TestCase("\u202E1010519491231002X", Description = "bidirectional override")]
    [TestCase("1101051949123100\u200BX", Description = "zero width")]
    [TestCase("X1010519491231002X")]
    [TestCase("11010549123100X", Description = "15 characters, a letter among them")]
    [TestCase("010105194912310029")]
    public void Check_WrongShape_HasNoOtherLayer(string raw)
    {
        Assert.That(Scheme.Check(raw, Today), Is.EqualTo(IdentifierCheck.Shapeless));
        Assert.That(Scheme.TryCanonicalize(raw, out var canonical), Is.False);
        Assert.That(canonical, Is.Empty);
    }

    [TestCase("11010519491231002X", true, true, true)]
    [TestCase("110105194912310021", false, true, true)]
    [TestCase("110105194902290020", false, false, true, Description = "1949 is no leap year")]
    [TestCase("110105179912310021", null, false, true, Description = "before 1800")]
    [TestCase("110105202601160029", null, false, true, Description = "tomorrow")]
    [TestCase("110105202601150021", null, true, true, Description = "today")]
    [TestCase("110105190002290023", null, false, true, Description = "1900 is no leap year")]
    [TestCase("110105200002290023", null, true, true, Description = "2000 is one")]
    [TestCase("110105200013010023", null, false, true, Description = "month 13")]
    [TestCase("110105200000010023", null, false, true, Description = "month 0")]
    [TestCase("110105200001000023", null, false, true, Description = "day 0")]
    [TestCase("110103194912310020", null, true, true, Description = "a district merged in 2010")]
    [TestCase("999999194912310020", null, true, false)]
    public void Check_RightShape_AnswersEachLayer(string raw, bool? checksum, bool date, bool area)
    {
        // Null asks for a fitting check character.
        var number = checksum is null ? WithCheck(raw[..17]) : raw;
        var check = Scheme.Check(number, Today);
        Assert.That(check, Is.EqualTo(new IdentifierCheck(checksum != false && date ? number : null, true, checksum ?? true, date, area)));
    }

    [Test]
    public void Check_FifteenDigits_HasNoChecksumLayer() =>
        Assert.That(Scheme.Check("110105491231002", Today), Is.EqualTo(new IdentifierCheck(Standard, true, null, true, true)));

    [Test]
    public void TryCanonicalize_FutureBirth_DoesNotAskTheClock() =>
        Assert.That(Scheme.TryCanonicalize(WithCheck("11010521991231002"), out _), Is.True);

    [Test]
    public void TryCanonicalize_UnknownArea_IsAccepted() =>
        Assert.That(Scheme.TryCanonicalize(WithCheck("99999919491231002"), out _), Is.True);

    [Test]
    public void TryCanonicalize_CanonicalText_GivesTheSameInstanceWithoutAllocating()
    {
        var raw = new string(Standard);
        var same = true;
        Assert.That(SteadyState.AllocatesNothing(() => same &= Scheme.TryCanonicalize(raw, out var canonical) && ReferenceEquals(canonical, raw)), Is.True);
        Assert.That(same, Is.True);
    }

    [Test]
    public void TryCanonicalize_AnyNumber_IsIdempotentAndAgreesWithCheck() => GenNumber.Sample(number =>
        Scheme.TryCanonicalize(number, out var canonical) && canonical == number && Scheme.Check(number).Canonical == number);

    [Test]
    public void TryCanonicalize_OneCharacterChanged_IsCaught() =>
        Gen.Select(GenNumber, Gen.Int[0, 17], Gen.Char["0123456789X"]).Where((number, at, c) => number[at] != c)
            .Sample((number, at, c) => !Scheme.TryCanonicalize(number[..at] + c + number[(at + 1)..], out _));

    [Test]
    public void TryCanonicalize_NeighboursSwapped_IsCaught() =>
        Gen.Select(GenNumber, Gen.Int[0, 16]).Where((number, at) => number[at] != number[at + 1])
            .Sample((number, at) => !Scheme.TryCanonicalize(number[..at] + number[at + 1] + number[at] + number[(at + 2)..], out _));

    [Test]
    public void TryCanonicalize_FormerFormOfANumber_GivesThatNumber() => GenNumber.Where(number => number[6..8] == "19")
        .Sample(number => Scheme.TryCanonicalize(number[..6] + number[8..17], out var canonical) && canonical == number);

    [Test]
    public void Check_AnyText_NeverThrowsAndAgreesWithTryCanonicalize() =>
        Gen.OneOf(Gen.String, Gen.String["0123456789Xx０９Ｘ"], Gen.Char.Array[18].Select(c => new string(c)), Gen.Char.Array[15].Select(c => new string(c)))
            .Sample(text => Scheme.TryCanonicalize(text, out var canonical) == Scheme.Check(text).IsValid
                && (canonical.Length == 18 || canonical.Length == 0));

    private static string WithCheck(string seventeen) => seventeen + CnResidentScheme.CheckCharacterOf(seventeen);
}
