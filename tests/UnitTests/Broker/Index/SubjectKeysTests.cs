using System.Security.Cryptography;
using System.Text;
using CsCheck;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Index;

internal sealed class SubjectKeysTests
{
    private static readonly byte[] HubKey = [.. Enumerable.Range(0, SubjectKeys.HubKeyBytes).Select(i => (byte)i)];

    [Test]
    public void Of_AnyIdentifier_IsTheFirstHalfOfItsHmac()
    {
        using var keys = new SubjectKeys(HubKey);
        Gen.Select(Gen.String[Gen.Char['a', 'z'], 1, 63], Gen.String[0, 80]).Sample((scheme, value) =>
        {
            var expected = HMACSHA256.HashData(HubKey, Encoding.UTF8.GetBytes($"{scheme}\0{value}"));
            Span<byte> actual = stackalloc byte[SubjectKey.Size];
            keys.Of(new Identifier(scheme, value)).Write(actual);
            return actual.SequenceEqual(expected.AsSpan(0, SubjectKey.Size));
        });
    }

    [Test]
    public void Of_LongestIdentifier_HasRoom()
    {
        using var keys = new SubjectKeys(HubKey);
        var longest = new Identifier(new string('s', CodeName.LengthMax), new string('v', Identifier.ValueBytesMax));
        Assert.That(keys.Of(longest), Is.Not.EqualTo(keys.Of(longest with { Value = longest.Value[1..] })));
    }

    [Test]
    public void Of_SameTextSplitOtherwise_IsAnotherKey()
    {
        using var keys = new SubjectKeys(HubKey);
        Assert.That(keys.Of(new Identifier("ab", "c")), Is.Not.EqualTo(keys.Of(new Identifier("a", "bc"))));
    }

    [Test]
    public void Of_AnotherHubKey_IsAnotherKey()
    {
        using var keys = new SubjectKeys(HubKey);
        using var others = new SubjectKeys([.. HubKey.Reverse()]);
        var identifier = new Identifier("cn-resident", "11010519491231002X");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(others.Of(identifier), Is.Not.EqualTo(keys.Of(identifier)));
            Assert.That(others.Fingerprint(), Is.Not.EqualTo(keys.Fingerprint()));
        }
    }

    [Test]
    public void Of_ManyThreads_AgreeWithOne()
    {
        using var keys = new SubjectKeys(HubKey);
        var identifiers = Enumerable.Range(0, 2_000).Select(i => new Identifier("case", $"{i}")).ToArray();
        var expected = identifiers.Select(keys.Of).ToArray();
        Assert.That(identifiers.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(keys.Of).ToArray(), Is.EqualTo(expected));
    }

    [Test]
    public void Of_Repeated_AllocatesNothing()
    {
        using var keys = new SubjectKeys(HubKey);
        var identifier = new Identifier("cn-resident", "11010519491231002X");
        keys.Of(identifier);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            keys.Of(identifier);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(1_000));
    }

    [Test]
    public void SubjectKey_WrittenAndRead_IsTheSameAndKeepsTheOrder() =>
        Gen.Select(Gen.ULong, Gen.ULong, Gen.ULong, Gen.ULong).Sample((a, b, c, d) =>
        {
            var (x, y) = (new SubjectKey(a, b), new SubjectKey(a % 2 == 0 ? a : c, d));
            var (left, right) = (new byte[SubjectKey.Size], new byte[SubjectKey.Size]);
            x.Write(left);
            y.Write(right);
            return SubjectKey.Read(left) == x && Math.Sign(left.AsSpan().SequenceCompareTo(right)) == Math.Sign(x.CompareTo(y));
        });
}
