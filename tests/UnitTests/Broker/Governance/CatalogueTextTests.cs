using System.Text.Json;
using CsCheck;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;
using DataExchange.UnitTests.Broker.Catalogue;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Governance;

/// <summary>The two texts of a catalogue: the file that is proposed, and the canonical one that is approved.</summary>
[TestFixture]
public sealed class CatalogueTextTests
{
    private static readonly CatalogueFile Sample = SampleCatalogue.File(SampleCatalogue.Yaml);

    [Test]
    public void Write_Sample_IsReadBackTheSame() => AssertSame(SampleCatalogue.File(CatalogueWriter.Write(Sample)), Sample);

    [Test]
    public void Write_AnyTitle_IsReadBackTheSame() =>
        Gen.Char.Array[1, 40].Select(chars => new string(chars)).Where(title => CatalogueValues.Name(title, out _)).Sample(title =>
        {
            var file = Sample with { Attributes = [Sample.Attributes[0] with { Title = title, LegalSource = "\U0001F3DB " + title }, Sample.Attributes[1]] };
            return SampleCatalogue.File(CatalogueWriter.Write(file)).Attributes[0] == file.Attributes[0];
        });

    [Test]
    public void Json_OfChanges_IsReadBackAndSpelledTheSameInAnyOrder()
    {
        var forth = CatalogueChanges.Between(new CatalogueFile(), Sample);
        var back = CatalogueChanges.Between(new CatalogueFile(), Reversed(Sample));

        var text = CatalogueJson.Write(new ProposalContent("p-1", "Why \"so\" <&> 住房", forth));

        Assert.That(text, Is.EqualTo(CatalogueJson.Write(new ProposalContent("p-1", "Why \"so\" <&> 住房", back))));
        Assert.That(CatalogueJson.Write(CatalogueJson.Read(text)), Is.EqualTo(text));
        Assert.That(text, Does.Contain("住房").And.Contain("\"sharing\":\"unconditional\"").And.Not.Contain("\n"));
        AssertSame(CatalogueJson.Read(text).Changes.On(new CatalogueFile())!, Sample);
    }

    [Test]
    public void Json_WithSomethingAdded_IsNotRead() =>
        Assert.That(() => CatalogueJson.Read("""{"proposal":"p","reason":"r","changes":null,"more":1}"""), Throws.InstanceOf<JsonException>());

    [Test]
    public void On_RowNoLongerAsItWas_IsNothing()
    {
        var changed = Sample with { Attributes = [Sample.Attributes[0] with { Title = "Mine" }, Sample.Attributes[1]] };
        var changes = CatalogueChanges.Between(Sample, changed);

        Assert.Multiple(() =>
        {
            AssertSame(changes.On(Sample)!, changed);
            Assert.That(changes.On(changed), Is.Null, "made already");
            Assert.That(changes.On(new CatalogueFile()), Is.Null, "gone");
            Assert.That(changes.On(Sample with { Attributes = [Sample.Attributes[0] with { Title = "Theirs" }, Sample.Attributes[1]] }), Is.Null, "made otherwise");
            Assert.That(changes.On(Sample with { Grants = [] }), Is.Not.Null, "other rows do not matter");
        });
    }

    [TestCase("sharing: unconditional", "sharing: everybody", "attributes[0].sharing must be unconditional, conditional or not_shared")]
    [TestCase("sensitivity: special", "sensitivity: secret", "attributes[0].sensitivity must be open, restricted, personal or special")]
    [TestCase("sharing: unconditional", "sharing: not_shared", "grants[0].attributes[0] must not name an attribute that is not shared")]
    [TestCase("    legal_source: Civil Registration Act, section 7", "    claims: civil-affairs/address", "attributes[0].claims must name an attribute of another department")]
    [TestCase("    legal_source: Civil Registration Act, section 7", "    claims: housing/tenancy", "attributes[0].claims must name a declared attribute")]
    [TestCase("holidays: [2026-10-01]", "holidays: [2026-10-03]", "holidays[0] must be a Monday to Friday: weekends are free anyway")]
    [TestCase("working_days: [2026-10-10]", "working_days: [10.10.2026]", "working_days[0] must be a day as 2026-01-31")]
    public void Read_BrokenRule_IsNamed(string part, string replacement, string error) =>
        Assert.That(
            SampleCatalogue.Read(SampleCatalogue.With(part, replacement)).Errors.Select(e => $"{e.Path} {e.Rule}"), Is.EqualTo(new[] { error }));

    [Test]
    public void Read_NotSharedWithoutItsLaw_IsNamed()
    {
        var yaml = SampleCatalogue.With("sharing: unconditional", "sharing: not_shared")
            .Replace("    legal_source: Civil Registration Act, section 7\n", "", StringComparison.Ordinal)
            .Replace("      - civil-affairs/marital-status\n", "", StringComparison.Ordinal);

        Assert.That(
            SampleCatalogue.Read(yaml).Errors.Select(e => $"{e.Path} {e.Rule}"),
            Is.EqualTo(new[] { "attributes[0].legal_source must be stated for an attribute that is not shared: a refusal names it" }));
    }

    [Test]
    public void Read_Claim_NamesTheSourceAndNeverAnotherClaim()
    {
        const string claim = """
              - id: housing/marital-status
                title: Marital status as tenants say
                type: code
                holding: held
                claims: civil-affairs/marital-status
            link_rights:
            """;
        var yaml = SampleCatalogue.With("link_rights:\n", SampleCatalogue.Indent(claim, 0) + "\n");
        Assert.That(SampleCatalogue.File(yaml).Attributes[2].Claims, Is.EqualTo(AttributeId.Parse("civil-affairs/marital-status")));

        var chained = yaml.Replace("legal_source: Civil Registration Act, section 7", "claims: housing/marital-status", StringComparison.Ordinal);
        Assert.That(
            SampleCatalogue.Read(chained).Errors.Select(e => e.Rule), Is.EqualTo(Enumerable.Repeat("must name the authoritative source, not another claim", 2)));
    }

    [Test]
    public void Read_KeyFileInATextFromElsewhere_IsNotRead()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, SampleCatalogue.FirstKey);
        var yaml = $"departments:\n  - id: tax\n    name: Tax\n    keys:\n      - file: {path}\n        uses: [tls]\n";

        Assert.That(SampleCatalogue.Read(yaml).Errors, Is.Empty);
        Assert.That(
            CatalogueReader.Read(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(yaml)), keyFolder: null).Errors.Select(e => e.Path),
            Is.EqualTo(new[] { "departments[0].keys[0].file" }));
        File.Delete(path);
    }

    private static CatalogueFile Reversed(CatalogueFile file) => new()
    {
        Departments = [.. file.Departments.Reverse()],
        Keys = [.. file.Keys.Reverse()],
        Schemes = [.. file.Schemes.Reverse()],
        Attributes = [.. file.Attributes.Reverse()],
        LinkRights = [.. file.LinkRights.Reverse()],
        Grants = [.. file.Grants.Reverse()],
        Calendar = [.. file.Calendar.Reverse()],
    };

    private static void AssertSame(CatalogueFile actual, CatalogueFile expected) =>
        Assert.That(CatalogueChanges.Between(expected, actual).IsEmpty, CatalogueJson.Write(new("", "", CatalogueChanges.Between(expected, actual))));
}
