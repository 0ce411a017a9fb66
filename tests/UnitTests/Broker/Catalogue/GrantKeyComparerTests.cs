using CsCheck;
using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Catalogue;

[TestFixture]
public sealed class GrantKeyComparerTests
{
    private static readonly GrantKeyComparer Comparer = new();

    private static readonly Gen<GrantKey> Key = Gen.Select(
        Gen.Char["ab"].Array[1, 9], Gen.Char["ab"].Array[1, 9], Gen.Char["ab"].Array[1, 9], Gen.Char["ab"].Array[1, 9],
        (consumer, owner, name, purpose) => Of(new(consumer), new(owner), new(name), new(purpose)));

    [Test]
    public void Equals_AnyTwoKeys_AsTheirPartsDo() => Gen.Select(Key, Key).Sample((x, y) =>
    {
        var copy = Of(new(x.Consumer.Value.AsSpan()), new(x.Attribute.Department.Value.AsSpan()), new(x.Attribute.Name.AsSpan()), new(x.Purpose.AsSpan()));
        return Comparer.Equals(x, copy) && Comparer.GetHashCode(x) == Comparer.GetHashCode(copy) && Comparer.Equals(x, y) == (x.ToString() == y.ToString());
    });

    [Test]
    public void GetHashCode_NamesThatDifferLittle_Spread()
    {
        var hashes = from consumer in Enumerable.Range(0, 20)
                     from owner in Enumerable.Range(0, 50)
                     from attribute in Enumerable.Range(0, 40)
                     select Comparer.GetHashCode(Of($"department-{consumer}", $"department-{owner}", $"attribute-{attribute}", "purpose"));

        // 40,000 values of 2^32 meet about 0.2 times by chance.
        Assert.That(hashes.Distinct().Count(), Is.GreaterThan(40_000 - 20));
    }

    private static GrantKey Of(string consumer, string owner, string name, string purpose) =>
        new(DepartmentId.Parse(consumer), new AttributeId(DepartmentId.Parse(owner), name), purpose);
}
