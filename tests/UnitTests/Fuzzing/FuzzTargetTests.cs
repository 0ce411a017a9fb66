using DataExchange.Fuzzing;
using DataExchange.UnitTests.HouseRules;
using NUnit.Framework;

namespace DataExchange.UnitTests.Fuzzing;

/// <summary>
/// The targets of tests/fuzz.sh without a fuzzer: every seed, and a number of mutations of the seeds that are the same in every run. What a fuzzer found
/// once stands among the seeds as regression-*.
/// </summary>
internal sealed class FuzzTargetTests
{
    private const string SeedFolder = "tests/data/fuzz";

    // Where an input costs milliseconds: a regular expression is compiled, files are written.
    private static readonly string[] Slow = ["declared-scheme", "segment"];

    private static IEnumerable<string> Names => FuzzTargets.All.Select(target => target.Name);

    [TestCaseSource(nameof(Names))]
    public void Target_ItsSeeds_AreReadToTheEndOrRefused(string name)
    {
        var seeds = SeedsOf(name);

        var accepted = seeds.Count(seed => FuzzTargets.Named(name).Accepts(seed));

        // Else nothing that follows would reach past the first check.
        Assert.That(accepted, Is.GreaterThan(0).And.LessThanOrEqualTo(seeds.Count));
    }

    [TestCaseSource(nameof(Names))]
    public void Target_MutationsOfItsSeeds_KeepItsPromises(string name)
    {
        var target = FuzzTargets.Named(name);
        var mutation = new Mutation(SeedsOf(name), seed: 1);
        var (refused, mutations) = (0, Slow.Contains(name) ? 300 : 3_000);
        for (var at = 0; at < mutations; at++)
        {
            var input = mutation.Next();
            try
            {
                refused += target.Accepts(input) ? 0 : 1;
            }
            catch (Exception broken)
            {
                Assert.Fail($"mutation {at}, {Convert.ToBase64String(input)}: {broken}");
            }
        }

        Assert.That(refused, Is.GreaterThan(mutations / 100));
    }

    [Test]
    public void Seeds_EachFolder_IsOneTargets() =>
        Assert.That(Directory.GetDirectories(Repository.PathOf(SeedFolder)).Select(Path.GetFileName), Is.EquivalentTo(Names));

    [Test]
    public void Refuse_ThatRepeatsANumberOfTheInput_BreaksThePromise()
    {
        var input = System.Text.Encoding.UTF8.GetBytes($"\0id {FuzzExchange.Resident};");

        Assert.That(() => Must.Refuse($"{FuzzExchange.Resident} must be valid", input), Throws.TypeOf<BrokenPromiseException>());
        Assert.That(() => Must.Refuse("", input), Throws.TypeOf<BrokenPromiseException>());
        Assert.That(() => Must.Refuse("must be valid", input), Throws.Nothing);
    }

    [Test]
    public void Mutation_SameSeed_GivesTheSameInputs()
    {
        byte[][] corpus = [[1, 2, 3], [4, 5, 6, 7, 8]];
        var (one, same, other) = (new Mutation(corpus, 1), new Mutation(corpus, 1), new Mutation(corpus, 2));

        var inputs = Enumerable.Range(0, 100).Select(_ => one.Next()).ToList();

        Assert.That(Enumerable.Range(0, 100).Select(_ => same.Next()), Is.EqualTo(inputs));
        Assert.That(Enumerable.Range(0, 100).Select(_ => other.Next()), Is.Not.EqualTo(inputs));
    }

    private static List<byte[]> SeedsOf(string name) =>
        [.. Directory.GetFiles(Repository.PathOf(Path.Combine(SeedFolder, name))).Order(StringComparer.Ordinal).Select(File.ReadAllBytes)];
}
