using System.Security.Cryptography;
using System.Text;
using CsCheck;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Index.Sealing;

internal sealed class ValueSealTests
{
    private static readonly SealedPlace Place = new(TestIndex.Ann, TestIndex.Civil, 1, TestIndex.Name, 7, 8);
    private static readonly byte[] Value = "a value nobody else reads"u8.ToArray();

    private static readonly (string Name, SealedPlace Place)[] OtherPlaces =
    [
        ("subject", Place with { Subject = TestIndex.Bob }),
        ("department", Place with { Department = TestIndex.Tax }),
        ("epoch", Place with { Epoch = 2 }),
        ("attribute", Place with { Attribute = TestIndex.Marital }),
        ("attribute's owner", Place with { Attribute = new AttributeId(TestIndex.Tax, TestIndex.Name.Name) }),
        ("sequence", Place with { Sequence = 6 }),
        ("as-of", Place with { AsOfTicks = 9 }),
    ];

    [Test]
    public void Open_InItsPlace_IsTheValue()
    {
        var seal = Make(1);
        foreach (var value in new[] { [], Value, new byte[5_000] })
            Assert.That(Open(seal, Seal(seal, value, Place), Place), Is.EqualTo(value));
    }

    [Test]
    public void Open_AnywhereElse_IsRefused()
    {
        var seal = Make(1);
        var ofAnother = Make(2);
        var sealedValue = Seal(seal, Value, Place);
        using (Assert.EnterMultipleScope())
        {
            foreach (var (name, place) in OtherPlaces)
                Assert.That(Open(seal, sealedValue, place), Is.Null, name);
            Assert.That(Open(ofAnother, sealedValue, Place), Is.Null, "another subject's key");
        }
    }

    [Test]
    public void Open_AnyBitFlipped_IsRefused()
    {
        var seal = Make(1);
        var sealedValue = Seal(seal, Value, Place);
        for (var bit = 0; bit < sealedValue.Length * 8; bit++)
        {
            sealedValue[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(Open(seal, sealedValue, Place), Is.Null, $"bit {bit}");
            sealedValue[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    /// <summary>Names of any length next to each other must not run into one another.</summary>
    [Test]
    public void Place_AnyTwo_HaveDifferentBytes()
    {
        var name = Gen.Char['a', 'c'].Array[1, 3].Select(chars => new string(chars));
        var place = Gen.Select(Gen.ULong[0, 1], name, name, name, Gen.ULong[0, 1], Gen.Long[0, 1], Gen.ULong[0, 1]).Select((subject, department, owner, attribute, sequence, asOf, epoch) =>
            new SealedPlace(new SubjectKey(subject, 0), DepartmentId.Parse(department), epoch, new AttributeId(DepartmentId.Parse(owner), attribute), sequence, asOf));
        Gen.Select(place, place).Sample((a, b) => (a == b) == Bytes(a).AsSpan().SequenceEqual(Bytes(b)), iter: 50_000);
    }

    [Test]
    public void Seal_OnTwoClonesOfAHub_NeverUsesANonceForTwoTexts()
    {
        var hub = Make(1);
        var clone = Make(1);
        var random = new Random(1);
        var texts = new Dictionary<string, string>();
        for (var i = 0; i < 100_000; i++)
        {
            // A restored hub gives the same places to other values: the very case that a counter does not survive.
            var place = Place with { Sequence = (ulong)random.Next(1_000) };
            var value = BitConverter.GetBytes(random.Next(1_000));
            var text = $"{place.Sequence} {Convert.ToHexString(value)}";
            var nonce = Convert.ToHexString(Seal(i % 2 == 0 ? hub : clone, value, place).AsSpan(0, Aes256Gcm.NonceBytes));
            Assert.That(texts.TryAdd(nonce, text) || texts[nonce] == text, nonce);
        }
        Assert.That(texts, Has.Count.GreaterThan(90_000));
    }

    /// <summary>Frozen, and made by other means: an index on a disk outlives the code that wrote it.</summary>
    [Test]
    public void Seal_OfAKnownSecret_IsAsTheFormatSays()
    {
        var secret = Enumerable.Range(0, SubjectSecret.Bytes).Select(i => (byte)i).ToArray();
        var derived = SHA512.HashData([0, 0, 0, 1, .. secret, .. "dataexchange.subject.v1"u8]);
        var seal = Make(secret);
        var sealedValue = Seal(seal, Value, Place);

        byte[] associated =
        [
            .. Convert.FromHexString("0000000000000001" + "0000000000000001" + "00000000000000000000000000000001" + "0000000000000007" + "0000000000000008"),
            13, .. "civil-affairs"u8, 13, .. "civil-affairs"u8, 4, .. "name"u8,
        ];
        var nonce = SHA512.HashData([.. derived[32..48], .. associated, .. Value])[..12];
        var (cipher, tag) = (new byte[Value.Length], new byte[16]);
        using var aes = new AesGcm(derived[..32], 16);
        aes.Encrypt(nonce, Value, cipher, tag, associated);
        Assert.That(sealedValue, Is.EqualTo([.. nonce, .. cipher, .. tag]));
    }

    /// <summary>Made by one, opened by the other: an index moves between machines.</summary>
    [Test]
    public void Aes_NativeAndManaged_AreTheSameCipher() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[12], Gen.Byte.Array[0, 100], Gen.Byte.Array[0, 300]).Sample((key, nonce, associated, plain) =>
        {
            var (native, managed, opened) = (new byte[plain.Length + 16], new byte[plain.Length + 16], new byte[plain.Length]);
            Aes256Gcm.Seal(key, nonce, associated, plain, native);
            Aes256Gcm.SealManaged(key, nonce, associated, plain, managed);
            Assert.That(native, Is.EqualTo(managed));
            Assert.That(Aes256Gcm.TryOpen(key, nonce, associated, managed, opened) && opened.AsSpan().SequenceEqual(plain));
            Assert.That(Aes256Gcm.TryOpenManaged(key, nonce, associated, native, opened) && opened.AsSpan().SequenceEqual(plain));
            native[^1] ^= 1;
            Assert.That(Aes256Gcm.TryOpen(key, nonce, associated, native, opened) || Aes256Gcm.TryOpenManaged(key, nonce, associated, native, opened), Is.False);
        }, iter: 2_000);

    private static byte[] Make(byte number) => Make(Enumerable.Repeat(number, SubjectSecret.Bytes).ToArray());

    private static byte[] Make(byte[] secret)
    {
        var derived = new byte[SubjectSecret.DerivedBytes];
        SubjectSecret.Derive(secret, derived);
        return derived;
    }

    private static byte[] Seal(byte[] derived, byte[] value, in SealedPlace place)
    {
        var sealedValue = new byte[value.Length + ValueSeal.OverheadBytes];
        ValueSeal.Seal(derived, value, place, sealedValue);
        Assert.That(Encoding.Latin1.GetString(sealedValue), Does.Not.Contain("nobody"));
        return sealedValue;
    }

    private static byte[]? Open(byte[] derived, byte[] sealedValue, in SealedPlace place)
    {
        var value = new byte[sealedValue.Length - ValueSeal.OverheadBytes];
        return ValueSeal.TryOpen(derived, sealedValue, place, value) ? value : null;
    }

    private static byte[] Bytes(SealedPlace place)
    {
        var bytes = new byte[SealedPlace.BytesMax];
        return bytes[..place.Write(bytes)];
    }
}
