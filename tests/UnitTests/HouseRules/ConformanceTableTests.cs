using System.Text;
using System.Text.RegularExpressions;
using DataExchange.Cli.Conformance;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>docs/conformance.md ends with the table of rules, printed, and shows a file that is good. With UPDATE_DOCS=1 the test writes the table.</summary>
internal sealed partial class ConformanceTableTests
{
    private const string Document = "docs/conformance.md";
    private const string Heading = "## Rules\n";

    [Test]
    public void Document_OfConformance_EndsWithTheTablePrinted()
    {
        var text = Repository.Read(Document);
        var printed = text[..(text.IndexOf(Heading, StringComparison.Ordinal) + Heading.Length)] + Print();
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            File.WriteAllText(Repository.PathOf(Document), printed);

        Assert.That(Repository.Read(Document), Is.EqualTo(printed), "run the test with UPDATE_DOCS=1 to print the table anew");
    }

    [Test]
    public void Rules_EachOfThem_HasAnIdOfItsOwn() =>
        Assert.That(ConformanceRules.All.Select(rule => rule.Id), Is.Unique.And.All.Matches("^[A-Z]{3}-[1-9][0-9]?$"));

    [Test]
    public void Example_InTheDocument_IsRead()
    {
        using var folder = new TempFolder();
        foreach (var file in new[] { "hub.pem", "hub.key", "root.pem", "expired.pem", "expired.key", "department.pem", "department.key" })
            File.WriteAllText(folder[file], "");
        File.WriteAllText(folder["catalogue.yaml"], YamlBlock().Match(Repository.Read("docs/catalogue-file.md")).Groups[1].Value);
        File.WriteAllText(folder["verify.yaml"], YamlBlock().Match(Repository.Read(Document)).Groups[1].Value);

        var config = VerifyFile.Load(folder["verify.yaml"], out var errors);

        Assert.That(errors, Is.Empty);
        Assert.That(config!.Limits, Is.EqualTo(new VerifyLimits()), "the example states the defaults");
        Assert.That(config.Commands.CheckBad.Single(), Is.EqualTo(new[] { "dx-adapter", "check", "--config", "wrong.yaml" }));
    }

    private static string Print()
    {
        var text = new StringBuilder("""

            Printed by a test from `ConformanceRules`; do not edit below. An id never changes its meaning.

            | rule | area | what must hold | how to mend it |
            | --- | --- | --- | --- |

            """);
        foreach (var rule in ConformanceRules.All)
            text.Append(null, $"| {rule.Id} | {rule.Area} | {rule.Holds} | {rule.Mend} |\n");
        return text.ToString();
    }

    [GeneratedRegex(@"^```yaml\n(.*?)^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex YamlBlock();
}
