using System.Text.RegularExpressions;
using System.Xml.Linq;
using NUnit.Framework;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>Where things are and who may know whom.</summary>
internal sealed partial class LayoutTests
{
    private const int FileLinesMax = 500;
    private const int FolderDepthMax = 2;

    private static readonly string[] TopLevel =
    [
        "src", "protos", "tests", "deploy", "docs", "samples", "DataExchange.sln", "README.md", "CHANGELOG.md", "LICENSE", ".ci", ".editorconfig",
        ".gitignore", "BannedSymbols.txt", "Directory.Build.props", "Directory.Packages.props", "global.json",
    ];

    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["DataExchange.Contracts"] = [],
        ["DataExchange.Hosting"] = ["DataExchange.Contracts"],
        ["DataExchange.Adapter"] = ["DataExchange.Contracts", "DataExchange.Hosting"],
        ["DataExchange.Broker"] = ["DataExchange.Contracts", "DataExchange.Hosting", "DataExchange.Transparency"],
        ["DataExchange.Cli"] = ["DataExchange.Contracts", "DataExchange.Hosting", "DataExchange.Transparency", "DataExchange.Adapter", "DataExchange.Broker"],
        ["DataExchange.AdapterHost"] = ["DataExchange.Contracts", "DataExchange.Hosting", "DataExchange.Adapter"],
        // What a department's tests see of a hub: it meets the adapter on the wire, as the hub does.
        ["DataExchange.Testing"] = ["DataExchange.Contracts", "DataExchange.Hosting"],
        ["DataExchange.Templates"] = [],
        // Stands alone, since whoever verifies a log need not run an exchange.
        ["DataExchange.Transparency"] = [],
    };

    /// <summary>Broker's folders. Its root, the composition, may use all.</summary>
    private static readonly Dictionary<string, string[]> MayUse = new()
    {
        ["Audit"] = [],
        ["Publication"] = ["Audit"],
        ["Accesses"] = ["Audit", "Budget", "Catalogue", "Index", "Policy", "Publication"],
        ["Catalogue"] = [],
        ["Policy"] = ["Catalogue"],
        ["Index"] = ["Catalogue"],
        ["Budget"] = ["Index"],
        ["Providers"] = ["Catalogue"],
        ["Ingest"] = ["Index", "Catalogue", "Providers"],
        ["Governance"] = ["Catalogue", "Policy", "Audit", "Index"],
        ["Rest"] = [],
        ["Erasure"] = ["Index", "Catalogue", "Audit"],
        ["Lookup"] = ["Policy", "Budget", "Index", "Catalogue", "Audit", "Providers"],
    };

    private static readonly string[] MassTransitPlaces =
    [
        "src/DataExchange.Contracts/Changes/ChangeBatchMessage.cs",
        "src/DataExchange.Hosting/Bus/",
        "src/DataExchange.Broker/Ingest/ChangeBatchConsumer",
        "src/DataExchange.Broker/Ingest/NoReplyFilter.cs",
        // Not the exchange's path but what it is measured against.
        "src/DataExchange.Cli/Bench/BareMassTransit.cs",
    ];

    [Test]
    public void TopLevel_OfTheRepository_IsTheAgreedOne() => Assert.That(Repository.TopLevel, Is.EquivalentTo(TopLevel));

    [Test]
    public void Projects_References_AreThoseOfTheTable()
    {
        foreach (var path in Repository.Files("src", "*.csproj"))
        {
            var references = XDocument.Load(Repository.PathOf(path)).Descendants("ProjectReference")
                .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/')));

            Assert.That(references, Is.SubsetOf(MayReference[Path.GetFileNameWithoutExtension(path)]), path);
        }
    }

    [Test]
    public void BrokerFolders_EachOther_AreUsedAsTheTableSays()
    {
        foreach (var path in Repository.Files("src/DataExchange.Broker", "*.cs"))
        {
            var folders = path.Split('/')[2..^1];
            if (folders.Length == 0)
                continue;
            var used = BrokerNamespace().Matches(Repository.Read(path)).Select(match => match.Groups[1].Value).Where(name => name != folders[0]).Distinct();

            Assert.That(MayUse, Contains.Key(folders[0]), path);
            Assert.That(used, Is.SubsetOf(MayUse[folders[0]]), path);
        }
    }

    [Test]
    public void MassTransit_Types_StandOnlyWhereTheBusIsMet()
    {
        var users = Repository.Files("src", "*.cs").Where(path => MassTransitUse().IsMatch(Repository.Read(path)));

        Assert.That(users.Where(path => !MassTransitPlaces.Any(place => path.StartsWith(place, StringComparison.Ordinal))), Is.Empty);
    }

    [Test]
    public void Folders_BelowAProject_AreAtMostTwoDeep() =>
        Assert.That(Repository.Files("src", "*.cs").Where(path => path.Split('/').Length - 3 > FolderDepthMax), Is.Empty);

    [Test]
    public void Files_OfCode_HaveAtMostFiveHundredLines() =>
        Assert.That(
            Repository.Files("src", "*.cs").Concat(Repository.Files("tests", "*.cs"))
                .Where(path => !path.Contains("/Migrations/", StringComparison.Ordinal))
                .Where(path => File.ReadLines(Repository.PathOf(path)).Count() > FileLinesMax),
            Is.Empty);

    [Test]
    public void LockFiles_OfNpm_NameNoRegistry() =>
        Assert.That(Repository.Files("", "package-lock.json").Where(path => Repository.Read(path).Contains("\"resolved\"", StringComparison.Ordinal)), Is.Empty);

    [GeneratedRegex(@"DataExchange\.Broker\.([A-Z]\w+)")]
    private static partial Regex BrokerNamespace();

    [GeneratedRegex(@"^\s*using (static )?MassTransit|[^""\w]MassTransit\.\w", RegexOptions.Multiline)]
    private static partial Regex MassTransitUse();
}
