using CsCheck;
using DataExchange.Cli.Simulation;
using DataExchange.Contracts;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Simulation;

[TestFixture]
internal sealed class PopulationTests
{
    private static readonly Gen<(ulong Seed, SimulatedDepartment Department)> GenStream =
        Gen.Select(Gen.ULong, Gen.Int[0, SimulatedDepartment.All.Count - 1].Select(i => SimulatedDepartment.All[i]));

    [Test]
    public void NumberOf_AnyPersonAndSeed_PassesEveryLayerAndIsNobodysNumber() =>
        Gen.Select(Gen.ULong, Gen.Long[0, ResidentNumbers.Count - 1]).Sample((seed, person) =>
        {
            var number = new ResidentNumbers(seed).NumberOf(person, out var birth, out var male);
            var check = new CnResidentScheme().Check(number, new DateOnly(2026, 1, 1));
            return check == new IdentifierCheck(number, true, true, true, true) && birth.Year is >= 1800 and <= 1849
                && number[6..14] == birth.ToString("yyyyMMdd") && (number[16] % 2 == 1) == male;
        });

    [Test]
    public void NumberOf_ManyPersons_AreUniqueAndSpreadOverTheDistricts()
    {
        const int persons = 200_000;
        var numbers = new ResidentNumbers(7);
        var unique = Enumerable.Range(0, persons).Select(i => numbers.NumberOf(i, out _, out _)).ToHashSet();
        Assert.That(unique, Has.Count.EqualTo(persons));
        Assert.That(unique.Select(number => number[..6]).Distinct().Count(), Is.EqualTo(Districts.Codes.Count));
    }

    [Test]
    public void NumberOf_LastPersonThereIs_HasANumberAndTheNextHasNone()
    {
        var numbers = new ResidentNumbers(7);
        Assert.That(numbers.NumberOf(ResidentNumbers.Count - 1, out _, out _), Has.Length.EqualTo(18));
        Assert.That(() => numbers.NumberOf(ResidentNumbers.Count, out _, out _), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => new Population(ResidentNumbers.Count + 1, 7), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void ChangesOf_SameSeed_IsTheSameStreamOnEveryRun()
    {
        // Frozen: benchmarks and saved outboxes rely on what a seed stands for.
        var person = new Population(2, 42);
        var changes = SimulatedDepartment.All.SelectMany(department => person.ChangesOf(department, skip: department.Attributes.Count))
            .Select(change => $"{change.Set.Subject.Value} {change.AsOf} {change.Set.Attribute} {change.Set.Value}");
        Assert.That(changes, Is.EqualTo([
            "610630183310252748 \"2009-12-30T15:32:25Z\" full-name { \"text\": \"潘婷\" }",
            "610630183310252748 \"2009-12-30T15:32:25Z\" district { \"code\": \"610630\" }",
            "610630183310252748 \"2009-12-30T15:32:25Z\" marital-status { \"code\": \"married\" }",
            "610630183310252748 \"2009-12-30T15:32:25Z\" status-since { \"date\": { \"year\": 1862, \"month\": 10, \"day\": 1 } }",
            "610630183310252748 \"2009-12-30T15:32:25Z\" months-paid { \"integer\": \"91\" }",
            "610630183310252748 \"2009-12-30T15:32:25Z\" owns-home { \"flag\": true }",
            "610630183310252748 \"2009-12-30T15:32:25Z\" taxable-income { \"decimal\": \"107006.18\" }",
            "610630183310252748 \"2009-12-30T15:32:25Z\" highest-degree { \"code\": \"lower-secondary\" }",
        ]));
    }

    [Test]
    public void ChangesOf_AnotherSeed_IsAnotherPopulation() => Assert.That(
        new Population(100, 1).ChangesOf(SimulatedDepartment.All[0]), Is.Not.EqualTo(new Population(100, 2).ChangesOf(SimulatedDepartment.All[0])));

    [Test]
    public void ChangesOf_LargerPopulation_BeginsWithTheSmaller() => GenStream.Sample((seed, department) =>
        new Population(50, seed).ChangesOf(department)
            .SequenceEqual(new Population(1_000_000, seed).ChangesOf(department).Take(50 * department.Attributes.Count)));

    [Test]
    public void ChangesOf_FromAnyPlace_IsTheRestOfTheStream() => Gen.Select(GenStream, Gen.Int[0, 45]).Sample((stream, skip) =>
    {
        var population = new Population(20, stream.Seed);
        return population.ChangesOf(stream.Department, skip).SequenceEqual(population.ChangesOf(stream.Department).Skip(skip));
    });

    [Test]
    public void ChangesOf_AnyChange_IsWhatTheCatalogueDeclares() => GenStream.Sample((seed, department) =>
    {
        var changes = new Population(20, seed).ChangesOf(department).ToArray();
        return changes.Length == 20 * department.Attributes.Count && changes.All(change =>
            IdentifierSchemes.BuiltIn.TryRead(change.Set.Subject, "subject", out var subject, out _) && subject.Value == change.Set.Subject.Value
            && department.Attributes.Single(attribute => attribute.Id.Name == change.Set.Attribute) is var attribute
            && ValueRules.Violation(change.Set.Value, attribute.Type) is null && ValueRules.IsTimestamp(change.AsOf));
    });

    [Test]
    public void SimulatedDepartments_Together_HaveEightAttributesOfSixTypes()
    {
        var attributes = SimulatedDepartment.All.SelectMany(department => department.Attributes).ToArray();
        Assert.That(SimulatedDepartment.All.Select(department => department.Id.Value), Is.EqualTo(
            ["household", "marriage", "social-insurance", "housing", "tax", "education"]));
        Assert.That(attributes, Has.Length.EqualTo(8));
        Assert.That(attributes.Select(attribute => attribute.Type).Distinct().Count(), Is.EqualTo(6));
        Assert.That(attributes.Select(attribute => AttributeId.TryParse(attribute.Id.ToString(), out _)), Is.All.True);
    }

    [Test]
    public async Task PopulationSource_ReadAgainAfterACheckpoint_GivesTheRest()
    {
        var source = new PopulationSource(new Population(5, 42), SimulatedDepartment.All[0]);
        var all = await source.ReadAsync(null, default).ToArrayAsync();
        Assert.That(all, Has.Length.EqualTo(10));
        for (var i = 0; i < all.Length; i++)
            Assert.That(await source.ReadAsync(all[i].Checkpoint, default).ToArrayAsync(), Is.EqualTo(all[(i + 1)..]));
    }

    [TestCase("43:1")]
    [TestCase("42")]
    [TestCase("42:-1")]
    public void PopulationSource_CheckpointOfAnotherPopulation_IsRefused(string checkpoint)
    {
        var source = new PopulationSource(new Population(5, 42), SimulatedDepartment.All[0]);
        Assert.That(async () => await source.ReadAsync(checkpoint, default).ToArrayAsync(), Throws.InvalidOperationException);
    }
}
