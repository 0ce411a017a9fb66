using System.CommandLine;
using System.Text.Json;
using DataExchange.Cli;
using DataExchange.Cli.Catalogue;
using DataExchange.Testing;
using DataExchange.UnitTests.Broker.Catalogue;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Catalogue;

[TestFixture]
public sealed class CatalogueCommandTests
{
    private TempFolder _folder = null!;

    private string Database => $"sqlite:{_folder["catalogue.db"]}";

    [SetUp]
    public void Begin()
    {
        _folder = new TempFolder();
        File.WriteAllText(_folder["catalogue.yaml"], SampleCatalogue.Yaml);
    }

    [TearDown]
    public void End() => _folder.Dispose();

    [Test]
    public async Task Apply_ThenAgain_TellsTheDifferenceAndThenNoChange()
    {
        var first = await RunAsync("apply", _folder["catalogue.yaml"], "--database", Database);
        var second = await RunAsync("apply", _folder["catalogue.yaml"], "--database", Database);

        Assert.That((first.Code, second.Code), Is.EqualTo((ExitCode.Ok, ExitCode.Ok)));
        Assert.That(first.Output, Does.Contain("+ grants: housing civil-affairs/address rent-subsidy").And.Contain("Version 1 is applied"));
        Assert.That(second.Output, Is.EqualTo("No change: version 1 says the same.\n"));
    }

    [Test]
    public async Task Apply_Json_IsOneObjectWithEveryName()
    {
        var result = await RunAsync("apply", _folder["catalogue.yaml"], "--database", Database, "--json");

        var json = JsonDocument.Parse(result.Output).RootElement;
        Assert.That(json.GetProperty("version").GetInt64(), Is.EqualTo(1));
        Assert.That(json.GetProperty("changed").GetBoolean());
        var schemes = json.GetProperty("kinds").EnumerateArray().Single(kind => kind.GetProperty("kind").GetString() == "schemes");
        Assert.That(schemes.GetProperty("added").EnumerateArray().Select(name => name.GetString()), Is.EqualTo(new[] { "buyer-id", "coins" }));
    }

    [Test]
    public async Task Apply_FileWithErrors_TellsAllOfThemAndAppliesNothing()
    {
        File.WriteAllText(_folder["catalogue.yaml"], SampleCatalogue.Yaml
            .Replace("type: code", "type: word", StringComparison.Ordinal)
            .Replace("length: 8", "length: many", StringComparison.Ordinal));

        var text = await RunAsync("apply", _folder["catalogue.yaml"], "--database", Database);
        var json = await RunAsync("apply", _folder["catalogue.yaml"], "--database", Database, "--json");

        Assert.That((text.Code, json.Code), Is.EqualTo((ExitCode.Finding, ExitCode.Finding)));
        Assert.That(text.Output, Does.Contain("schemes[1].length (line ").And.Contain("attributes[0].type (line ").And.Contain("2 errors"));
        Assert.That(
            JsonDocument.Parse(json.Output).RootElement.GetProperty("errors").EnumerateArray().Select(error => error.GetProperty("path").GetString()),
            Is.EqualTo(new[] { "schemes[1].length", "attributes[0].type" }));
        Assert.That(File.Exists(_folder["catalogue.db"]), Is.False);
    }

    [Test]
    public async Task Show_AppliedCatalogue_ShowsIt()
    {
        await RunAsync("apply", _folder["catalogue.yaml"], "--database", Database);

        var text = await RunAsync("show", "--database", Database);
        var json = await RunAsync("show", "--database", Database, "--json");

        Assert.That((text.Code, json.Code), Is.EqualTo((ExitCode.Ok, ExitCode.Ok)));
        Assert.That(text.Output, Does.Contain("Catalogue version 1").And.Contain("civil-affairs/marital-status").And.Contain("suspended"));
        var root = JsonDocument.Parse(json.Output).RootElement;
        Assert.That(root.EnumerateObject().Select(p => p.Name), Is.EqualTo(new[] { "version", "departments", "keys", "schemes", "attributes", "linkRights", "grants", "calendar" }));
        Assert.That(root.GetProperty("grants")[0].GetProperty("validUntil").GetString(), Is.EqualTo("2026-12-31T00:00:00Z"));
    }

    [Test]
    public async Task Show_NoDatabase_IsUnavailableAndMakesNone()
    {
        var result = await RunAsync("show", "--database", Database);

        Assert.That(result.Code, Is.EqualTo(ExitCode.Unavailable));
        Assert.That(result.Error, Does.StartWith("The catalogue's database cannot be used"));
        Assert.That(File.Exists(_folder["catalogue.db"]), Is.False);
    }

    [Test]
    [Platform(Exclude = "Win")]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Apply_DatabaseFile_IsReadWhenItIsItsOwnersOnly()
    {
        File.WriteAllText(_folder["database"], Database + "\n");
        File.SetUnixFileMode(_folder["database"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        Assert.That((await RunAsync("apply", _folder["catalogue.yaml"], "--database-file", _folder["database"])).Code, Is.EqualTo(ExitCode.Ok));

        File.SetUnixFileMode(_folder["database"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        Assert.That(
            () => RunAsync("apply", _folder["catalogue.yaml"], "--database-file", _folder["database"]),
            Throws.TypeOf<UsageException>().With.Message.Contains("0600"));
    }

    [TestCase("postgresql:Host=localhost;Username=hub;Password=canary4711", "must not stand in an argument")]
    [TestCase("mysql:canary4711", "must be sqlite:PATH")]
    [TestCase("sqlite:", "must be sqlite:PATH")]
    [TestCase("postgresql:canary4711", "must be sqlite:PATH")]
    public void Show_DatabaseThatMustNotBe_IsRefusedWithoutQuotingIt(string database, string why) => Assert.That(
        () => RunAsync("show", "--database", database),
        Throws.TypeOf<UsageException>().With.Message.Contains(why).And.Message.Not.Contains("canary4711"));

    [TestCase("missing.yaml")]
    [TestCase(".")]
    public void Apply_FileThatCannotBeRead_IsAMatterOfUsage(string name) =>
        Assert.That(() => RunAsync("apply", _folder[name], "--database", Database), Throws.TypeOf<UsageException>());

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var configuration = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false };
        var code = await new RootCommand { CatalogueCommand.Create() }.Parse(["catalogue", .. arguments]).InvokeAsync(configuration);
        return (code, output.ToString(), error.ToString());
    }
}
