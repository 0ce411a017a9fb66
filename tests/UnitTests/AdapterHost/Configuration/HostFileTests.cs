using DataExchange.AdapterHost;
using DataExchange.AdapterHost.Configuration;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost.Configuration;

internal sealed class HostFileTests
{
    [Test]
    public async Task Load_GoodFile_GivesSettingsAndMappings()
    {
        using var folder = new TempFolder();

        var file = SampleFile.Load(folder.Path);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(file.Settings["Adapter:StateFolder"], Is.EqualTo(folder["state"]), "relative to the file");
            Assert.That(file.Settings["Adapter:HubKeyIds:0"], Has.Length.EqualTo(64));
            Assert.That(file.Sources.Single().Columns, Is.EqualTo(new[] { "id", "former", "kind", "title", "state", "founded", "address" }));
            Assert.That(await AdapterProgram.CheckAsync(file), Is.Empty);
        }
    }

    [TestCase("department: registry", "departmant: registry", "adapter.departmant (line 2:3): is not a known key here; known are department, state_folder")]
    [TestCase("department: registry", "port: 7443", "adapter.department (line 2:3): is required")]
    [TestCase("department: registry", "department: The Registry", "adapter.department (line 2:15): must match [a-z0-9][a-z0-9-]{0,62}")]
    [TestCase("hub_name: hub-1", "hub_name: hub-1\n  port: 70000", "adapter.port (line 6:9): must be 0 to 65535")]
    [TestCase("hub_name: hub-1", "hub_name: hub-1\n  batch_linger: soon", "adapter.batch_linger (line 6:17): must be a length of time as 00:00:05 or 1.00:00:00")]
    [TestCase("hub_name: hub-1", "hub_name: hub-1\n  held_attributes: [x]", "adapter.held_attributes (line 6:3): is not a known key here")]
    [TestCase("scheme: body}", "scheme: bodies}", "sources[0].subject.scheme (line 24:35): must be cn-resident, cn-uscc or one of schemes")]
    [TestCase("type: date,", "type: day,", "must be text or integer or decimal or flag or date or timestamp or code")]
    [TestCase("format: dd.MM.yyyy", "format: HH:mm", "attributes[2].format (line 32:45): must be a format with year, month and day")]
    [TestCase("code_list: states", "code_list: estates", "attributes[1].code_list (line 31:46): must be one of code_lists")]
    [TestCase("code_list: states", "codes: {A: a b}", "attributes[1].codes (line 31:42): must lead to codes of 1 to 64 characters")]
    [TestCase("{name: title, type: text}", "{name: state, type: text}", "attributes[1].name (line 31:16): must be mapped once in the whole file")]
    [TestCase("{name: title, type: text}", "{name: title, type: text, decimal_mark: ','}", "attributes[0].decimal_mark (line 30:49): must be left out unless type is decimal")]
    [TestCase("not: [test]", "not: [test], filled: true", "where[0].is (line 28:9): or not or filled must be given, exactly one of them")]
    [TestCase("pattern: \"*.csv\"", "pattern: \"../*.csv\"", "files.pattern (line 23:36): must be 1 to 200 characters without slashes")]
    [TestCase("quiet: \"00:00:00\"", "encoding: klingon", "files.encoding (line 23:55): must be the name of an encoding")]
    [TestCase("normalize: [trim, upper]", "normalize: [trim, shout]", "schemes[0].normalize")]
    [TestCase("links:", "links: none\n    spare:", "sources[0].links (line 25:12): must be a list")]
    public void Load_OneMistake_NamesPlaceAndRule(string good, string bad, string expected)
    {
        using var folder = new TempFolder();

        Assert.That(Errors(folder, SampleFile.Yaml.Replace(good, bad, StringComparison.Ordinal)), Has.Some.Contains(expected));
    }

    [Test]
    public void Load_SeveralMistakes_NamesAllAtOnceInTheirOrder()
    {
        using var folder = new TempFolder();
        var yaml = SampleFile.Yaml
            .Replace("department: registry", "department: The Registry", StringComparison.Ordinal)
            .Replace("trust_domain: test.exchange", "domain: test.exchange", StringComparison.Ordinal)
            .Replace("column: former", "column: ''", StringComparison.Ordinal)
            .Replace("code_list: states", "code_list: estates", StringComparison.Ordinal);

        var errors = Errors(folder, yaml);

        Assert.That(errors.Select(error => error.Split(' ')[0]), Is.EqualTo(new[] { "adapter.department", "tls.domain", "tls.trust_domain", "sources[0].links[0].column", "sources[0].attributes[1].code_list" }));
    }

    [Test]
    public async Task Check_OptionsThatContradictEachOther_AreNamed()
    {
        using var folder = new TempFolder();
        var file = SampleFile.Load(folder.Path, SampleFile.Yaml.Replace("hub_name: hub-1", "hub_name: hub-1\n  window_batches: 10", StringComparison.Ordinal));

        Assert.That(await AdapterProgram.CheckAsync(file), Has.Some.Contains("InFlightBatchesMax must not exceed WindowBatches"));
    }

    private static List<string> Errors(TempFolder folder, string yaml)
    {
        File.WriteAllText(folder["adapter.yaml"], yaml);
        Assert.That(HostFile.Load(folder["adapter.yaml"], out var errors), Is.Null);
        return [.. errors.Select(error => error.ToString())];
    }
}
