using System.Xml.Linq;
using NUnit.Framework;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>What the template's projects ask NuGet for is what this tree packs and tests with.</summary>
internal sealed class TemplateVersionTests
{
    private const string Content = "src/DataExchange.Templates/content/adapter";

    [Test]
    public void Packages_OfTheTemplate_AreThoseOfThisTree()
    {
        var own = XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("VersionPrefix").Single().Value;
        var central = XDocument.Load(Repository.PathOf("Directory.Packages.props")).Descendants("PackageVersion").ToDictionary(p => p.Attribute("Include")!.Value, p => p.Attribute("Version")!.Value);
        var asked = Repository.Files(Content, "*.csproj").SelectMany(path => XDocument.Load(Repository.PathOf(path)).Descendants("PackageReference")).ToList();

        Assert.That(asked, Has.Count.EqualTo(5));
        foreach (var package in asked)
        {
            var name = package.Attribute("Include")!.Value;
            Assert.That(package.Attribute("Version")!.Value, Is.EqualTo(name.StartsWith("DataExchange.", StringComparison.Ordinal) ? own : central[name]), name);
        }
    }
}
