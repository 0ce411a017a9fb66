using System.Text.RegularExpressions;
using NUnit.Framework;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>docs/threats.md names every threat, and tests that there are.</summary>
internal sealed partial class ThreatTableTests
{
    private const string Document = "docs/threats.md";
    private const string Gap = "Falls short:";

    // A30 is the console's, which there is not.
    private static readonly string[] Threats = [.. Enumerable.Range(1, 34).Where(number => number != 30).Select(number => $"A{number}")];

    private static readonly string[] ReadersOfTypes = ["BinaryFormatter", "TypeNameHandling", "JsonPolymorphic", "JsonDerivedType", "NetDataContractSerializer", "XmlSerializer"];

    [Test]
    public void Table_OfThreats_NamesEachOnceInOrder() => Assert.That(Rows().Select(row => row[0]), Is.EqualTo(Threats));

    [Test]
    public void Table_EachThreat_HasATestOrSaysThatItFallsShort() =>
        Assert.That(Rows().Where(row => !TestName().IsMatch(row[^1]) && !row[^1].Contains(Gap, StringComparison.Ordinal)).Select(row => row[0]), Is.Empty);

    [Test]
    public void Table_EachTestNamed_IsThere()
    {
        var there = Repository.Files("tests", "*.cs").SelectMany(path => Method().Matches(Repository.Read(path))).Select(match => match.Groups[1].Value).ToHashSet();
        var named = Rows().SelectMany(row => TestName().Matches(row[^1])).Select(match => match.Groups[1].Value).ToList();

        Assert.That(named, Has.Count.GreaterThan(50));
        Assert.That(named.Where(name => !there.Contains(name)), Is.Empty);
    }

    [Test]
    public void Source_AnyFile_ReadsNoTypesByName() =>
        Assert.That(Repository.Files("src", "*.cs").Where(path => ReadersOfTypes.Any(reader => Repository.Read(path).Contains(reader, StringComparison.Ordinal))), Is.Empty);

    [Test]
    public void Rest_AsShipped_IsOff() => Assert.That(new DataExchange.Hosting.RestOptions().Enabled, Is.False);

    [Test]
    public void LockFiles_OfEveryProject_AreThere() =>
        Assert.That(
            new[] { "src", "tests" }.SelectMany(folder => Repository.Files(folder, "*.csproj"))
                .Where(path => !File.Exists(Path.Combine(Path.GetDirectoryName(Repository.PathOf(path))!, "packages.lock.json"))),
            Is.Empty);

    private static List<string[]> Rows() => [.. Repository.Read(Document).Split('\n')
        .Where(line => Row().IsMatch(line))
        .Select(line => line.Trim().Trim('|').Split(" | ").Select(cell => cell.Trim()).ToArray())];

    [GeneratedRegex(@"^\| A\d+ \|")]
    private static partial Regex Row();

    [GeneratedRegex("`([A-Z][A-Za-z0-9]*_[A-Za-z0-9]+_[A-Za-z0-9]+)`")]
    private static partial Regex TestName();

    [GeneratedRegex(@"public (?:async )?(?:Task|void|ValueTask) ([A-Z][A-Za-z0-9]*_[A-Za-z0-9]+_[A-Za-z0-9]+)\(")]
    private static partial Regex Method();
}
