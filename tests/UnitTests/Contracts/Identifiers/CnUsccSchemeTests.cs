using CsCheck;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Contracts.Identifiers;

[TestFixture]
internal sealed class CnUsccSchemeTests
{
    private const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    private const string Known = "91110000600037341L";

    private static readonly CnUsccScheme Scheme = new();

    private static readonly Gen<string> GenNumber = Gen.Select(
        Gen.Char["159Y"], Gen.Char[Alphabet], Gen.Int[0, 999999], Gen.Char[Alphabet].Array[9],
        (authority, kind, area, code) => $"{authority}{kind}{area:000000}{new string(code)}").Select(s => s + CnUsccScheme.CheckCharacterOf(s));

    private static IEnumerable<TestCaseData> Vectors => IdVectors.Of("uscc");

    [TestCaseSource(nameof(Vectors))]
    public void TryCanonicalize_PublishedVector_AnswersAsPublished(string value, bool valid)
    {
        Assert.That(Scheme.TryCanonicalize(value, out _), Is.EqualTo(valid));
        Assert.That(Scheme.Check(value).IsValid, Is.EqualTo(valid));
    }

    [Test]
    public void Vectors_OfTheFile_AreAllRead() => Assert.That(Vectors.Count(), Is.EqualTo(4));

    [TestCase("91110000600037341l")]
    [TestCase("９１１１００００６０００３７３４１Ｌ")]
    public void TryCanonicalize_AnotherSpelling_GivesTheOneForm(string raw)
    {
        Assert.That(Scheme.TryCanonicalize(raw, out var canonical), Is.True);
        Assert.That(canonical, Is.EqualTo(Known));
    }

    [TestCase("")]
    [TestCase("9111000060003734", Description = "short")]
    [TestCase("91110000-60003734-1L")]
    [TestCase("91110000600037341I", Description = "I is not in the alphabet")]
    [TestCase("911100O0600037341L", Description = "O for 0")]
    [TestCase("91A10000600037341L", Description = "a letter in the area")]
    [TestCase("01110000600037341L", Description = "no such authority")]
    [TestCase("91110000600037341\uD800")]
    [TestCase("9111000060003734\u200BL")]
    [TestCase("91110000600037341L\r\n")]
    public void Check_WrongShape_HasNoOtherLayer(string raw) => Assert.That(Scheme.Check(raw), Is.EqualTo(IdentifierCheck.Shapeless));

    [TestCase("91110000600037341", true)]
    [TestCase("91100000600037341", true, Description = "registered centrally")]
    [TestCase("91999999600037341", false)]
    public void Check_RightShape_AnswersEachLayer(string first17, bool area)
    {
        var number = first17 + CnUsccScheme.CheckCharacterOf(first17);
        Assert.That(Scheme.Check(number), Is.EqualTo(new IdentifierCheck(number, true, true, null, area)));
        var wrong = first17 + (number[17] == '0' ? '1' : '0');
        Assert.That(Scheme.Check(wrong), Is.EqualTo(new IdentifierCheck(null, true, false, null, area)));
    }

    [Test]
    public void TryCanonicalize_CanonicalText_GivesTheSameInstanceWithoutAllocating()
    {
        var raw = new string(Known);
        var same = true;
        Assert.That(SteadyState.AllocatesNothing(() => same &= Scheme.TryCanonicalize(raw, out var canonical) && ReferenceEquals(canonical, raw)), Is.True);
        Assert.That(same, Is.True);
    }

    [Test]
    public void TryCanonicalize_AnyNumber_IsIdempotentAndAgreesWithCheck() => GenNumber.Sample(number =>
        Scheme.TryCanonicalize(number, out var canonical) && canonical == number && Scheme.Check(number).Canonical == number);

    [Test]
    public void TryCanonicalize_OneCharacterChanged_IsCaught() =>
        Gen.Select(GenNumber, Gen.Int[0, 17], Gen.Char[Alphabet]).Where((number, at, c) => number[at] != c)
            .Sample((number, at, c) => !Scheme.TryCanonicalize(number[..at] + c + number[(at + 1)..], out _));

    [Test]
    public void TryCanonicalize_NeighboursSwapped_IsCaught() =>
        Gen.Select(GenNumber, Gen.Int[0, 16]).Where((number, at) => number[at] != number[at + 1])
            .Sample((number, at) => !Scheme.TryCanonicalize(number[..at] + number[at + 1] + number[at] + number[(at + 2)..], out _));

    [Test]
    public void Check_AnyText_NeverThrowsAndAgreesWithTryCanonicalize() =>
        Gen.OneOf(Gen.String, Gen.Char.Array[18].Select(c => new string(c)), Gen.String[Gen.Char["0159YLILO１Ｌ"], 17, 19])
            .Sample(text => Scheme.TryCanonicalize(text, out _) == Scheme.Check(text).IsValid);
}
