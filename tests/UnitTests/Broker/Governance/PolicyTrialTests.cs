using CsCheck;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Governance;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Governance;

/// <summary>The replay, held against counting by hand: for each recorded question, is every attribute granted by the one file and by the other.</summary>
[TestFixture]
public sealed class PolicyTrialTests
{
    private static readonly DateTimeOffset At = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly string[] Consumers = ["housing", "police"];
    private static readonly string[] Attributes = ["tax/income", "tax/debts", "civil/name"];
    private static readonly string[] Purposes = ["rent", "audit"];
    private static readonly string[] Bases = ["Act 1", "Act 2"];
    private static readonly string[] Callers = [.. Consumers, "stranger", ""];

    private static readonly Gen<GrantConfig> AnyGrant = Gen.Select(
        Gen.OneOf(Consumers), Gen.OneOf(Attributes), Gen.OneOf(Purposes), Gen.OneOf(Bases), Gen.Int[-1, 0],
        (consumer, attribute, purpose, basis, months) => new GrantConfig(
            DepartmentId.Parse(consumer), AttributeId.Parse(attribute), purpose, basis, At.AddMonths(months), At.AddMonths(months + 1)));

    private static readonly Gen<CatalogueFile> AnyCatalogue = Gen.Select(AnyGrant.Array[0, 16], Gen.Bool, (grants, suspended) => new CatalogueFile
    {
        Departments =
        [
            new DepartmentConfig(DepartmentId.Parse("tax"), "Tax"), new DepartmentConfig(DepartmentId.Parse("civil"), "Civil"),
            new DepartmentConfig(DepartmentId.Parse("housing"), "Housing"), new DepartmentConfig(DepartmentId.Parse("police"), "Police", Suspended: suspended),
        ],
        Attributes = [.. Attributes.Select(a => new AttributeConfig(AttributeId.Parse(a), a, Wire.ValueType.Text, Wire.Holding.Held))],
        Grants = [.. grants.DistinctBy(g => (g.Consumer, g.Attribute, g.Purpose))],
    });

    private static readonly Gen<Wire.AuditEntry> AnyEntry = Gen.Select(
        Gen.OneOf(Callers), Gen.Shuffle(Attributes, 0, 2), Gen.OneOf(Purposes), Gen.OneOf(Bases),
        (consumer, attributes, purpose, basis) => new Wire.AuditEntry { Consumer = consumer, Purpose = purpose, LegalBasis = basis, Attributes = { attributes } });

    [Test]
    public void Compare_AnyTrafficAndChange_IsExactlyWhatCountingByHandGives()
    {
        var differing = 0;

        Gen.Select(AnyCatalogue, AnyCatalogue, AnyEntry.Array[0, 20]).Sample(
            (current, proposed, entries) =>
            {
                var result = PolicyTrial.Compare(entries, CatalogueSnapshot.Of(1, current), CatalogueSnapshot.Of(2, proposed), At);

                var expected = CountByHand(current, proposed, entries);
                Assert.That(result.Changes, Is.EqualTo(expected));
                Assert.That(result.Lookups, Is.EqualTo(entries.Count(e => e.Attributes.Count > 0 && e.Consumer.Length > 0)));
                Interlocked.Add(ref differing, expected.Count);
            },
            iter: 10_000);

        Assert.That(differing, Is.GreaterThan(2_000), "changes have to matter");
    }

    private static List<TrialChange> CountByHand(CatalogueFile current, CatalogueFile proposed, Wire.AuditEntry[] entries)
    {
        var rows = new List<TrialChange>();
        foreach (var consumer in Consumers)
        {
            foreach (var attribute in Attributes.Order(StringComparer.Ordinal))
            {
                foreach (var purpose in Purposes.Order(StringComparer.Ordinal))
                {
                    foreach (var basis in Bases)
                    {
                        var asked = entries.Where(e => e.Consumer == consumer && e.Purpose == purpose && e.LegalBasis == basis && e.Attributes.Contains(attribute)).ToList();
                        var gained = asked.Count(e => !Answers(current, e) && Answers(proposed, e));
                        var lost = asked.Count(e => Answers(current, e) && !Answers(proposed, e));
                        if (gained + lost > 0)
                            rows.Add(new TrialChange(consumer, attribute, purpose, basis, gained, lost));
                    }
                }
            }
        }

        return rows;
    }

    private static bool Answers(CatalogueFile file, Wire.AuditEntry entry) =>
        file.Departments.Any(d => d.Id.Value == entry.Consumer && !d.Suspended)
        && entry.Attributes.All(attribute => file.Grants.Any(g =>
            g.Consumer.Value == entry.Consumer && g.Attribute.ToString() == attribute && g.Purpose == entry.Purpose && g.LegalBasis == entry.LegalBasis
            && g.ValidFrom <= At && At < g.ValidUntil));
}
