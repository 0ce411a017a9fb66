using System.Security.Cryptography;
using System.Text;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using DataExchange.UnitTests.HouseRules;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Catalogue;

public sealed class CatalogueReaderTests
{
    [Test]
    public void Read_WholeFile_GivesEveryEntryInCanonicalForm()
    {
        var file = SampleCatalogue.File(SampleCatalogue.Yaml);

        var (civil, housing) = (DepartmentId.Parse("civil-affairs"), DepartmentId.Parse("housing"));
        var (status, address) = (AttributeId.Parse("civil-affairs/marital-status"), AttributeId.Parse("civil-affairs/address"));
        var (from, until) = (new DateTimeOffset(2026, 1, 1, 0, 0, 0, default), new DateTimeOffset(2026, 12, 31, 0, 0, 0, default));
        Assert.Multiple(() =>
        {
            Assert.That(file.Departments, Is.EqualTo(new DepartmentConfig[]
            {
                new(civil, "Civil affairs", "https://civil-affairs.example:7443", "00112233445566778899aabbccddeeff"),
                new(housing, "住房保障", Suspended: true),
            }));
            Assert.That(file.Keys.Select(k => (k.Department, k.Uses)), Is.EqualTo(new[] { (civil, KeyUses.Tls | KeyUses.Signing), (housing, KeyUses.Tls) }));
            Assert.That(file.Keys.Select(k => k.KeyId), Is.EqualTo(new[] { IdOf(SampleCatalogue.FirstKey), IdOf(SampleCatalogue.SecondKey) }));
            Assert.That(file.Schemes, Is.EqualTo(new SchemeConfig[]
            {
                new("coins", "[A-Z]{3}[0-9]{3}", null, SchemeNormalization.Trim | SchemeNormalization.Upper),
                new("buyer-id", null, 8),
            }));
            Assert.That(file.Attributes, Is.EqualTo(new AttributeConfig[]
            {
                new(status, "Marital status", Wire.ValueType.Code, Wire.Holding.Held, TimeSpan.FromDays(30),
                    Wire.Sharing.Unconditional, Wire.Sensitivity.Special, "Civil Registration Act, section 7"),
                new(address, "Address", Wire.ValueType.Text, Wire.Holding.Located),
            }));
            Assert.That(file.LinkRights, Is.EqualTo(new LinkRightConfig[] { new(civil, "cn-resident", "coins") }));
            Assert.That(file.Grants, Is.EqualTo(new GrantConfig[]
            {
                new(housing, status, "rent-subsidy", "Housing Act, section 12", from, until),
                new(housing, address, "rent-subsidy", "Housing Act, section 12", from, until),
            }));
        });
    }

    [Test]
    public void Read_FileOfTheDocumentation_IsValidAndItsLimitsAreTheReaders()
    {
        var document = Repository.Read("docs/catalogue-file.md");
        var yaml = document.Split("```yaml\n")[1].Split("```")[0];

        var file = SampleCatalogue.File(yaml);

        Assert.That((file.Departments.Count, file.Keys.Count, file.Schemes.Count, file.LinkRights.Count, file.Grants.Count), Is.EqualTo((2, 1, 1, 1, 1)));
        var limits = string.Create(
            System.Globalization.CultureInfo.InvariantCulture,
            $"{CatalogueReader.DepartmentsMax:N0}; {CatalogueReader.AttributesMax:N0}; {CatalogueReader.SchemesMax:N0}; {CatalogueReader.LinkRightsMax:N0}; {CatalogueReader.GrantsMax:N0}");
        Assert.That(document, Does.Contain(limits));
    }

    // The part of the sample to replace, what with, and the error to expect; two errors where what refers to it is wrong as well.
    [TestCase("id: housing", "id: Housing", "departments[1].id", "must be 1 to 63 characters", 2)]
    [TestCase("id: housing", "id: civil-affairs", "departments[1]", "must not be declared twice", 2)]
    [TestCase("name: Civil affairs", "name: ''", "departments[0].name", "must be 1 to 200 characters")]
    [TestCase("name: Civil affairs", "name: \"Civil\\u202eaffairs\"", "departments[0].name", "without control characters")]
    [TestCase("    name: Civil affairs\n", "", "departments[0].name", "is required")]
    [TestCase("name: Civil affairs", "name: Civil affairs\n    colour: red", "departments[0].colour", "is not a known key here")]
    [TestCase("name: Civil affairs", "name: Civil affairs\n    name: Again", "departments[0].name", "must be stated once")]
    [TestCase("name: Civil affairs", "name: [a]", "departments[0].name", "must be 1 to 200 characters")]
    [TestCase("https://civil", "http://civil", "departments[0].adapter", "must be an https address")]
    [TestCase("example:7443", "example:7443/path", "departments[0].adapter", "must be an https address")]
    [TestCase("https://civil", "https://user@civil", "departments[0].adapter", "must be an https address")]
    [TestCase("    adapter: https://civil-affairs.example:7443\n", "", "attributes[1].holding", "must state an adapter")]
    [TestCase("00112233445566778899AABBCCDDEEFF", "00112233445566778899AABBCCDDEE", "departments[0].accepted_epoch", "must be 32 hexadecimal digits")]
    [TestCase("suspended: true", "suspended: yes", "departments[1].suspended", "must be true or false")]
    [TestCase("uses: [tls]", "uses: []", "departments[1].keys[0].uses", "must have at least one item")]
    [TestCase("uses: [tls]", "uses: [ssl]", "departments[1].keys[0].uses[0]", "must be tls or signing")]
    [TestCase("uses: [tls]", "uses: [tls, tls]", "departments[1].keys[0].uses[1]", "must not come twice")]
    [TestCase("uses: [tls]", "uses: [tls]\n        file: x.pem", "departments[1].keys[0]", "must have either pem or file")]
    [TestCase("name: coins", "name: cn-resident", "schemes[0].name", "must not be that of a built-in scheme", 2)]
    [TestCase("name: buyer-id", "name: coins", "schemes[1]", "must not be declared twice")]
    [TestCase("[A-Z]{3}[0-9]{3}", "(?<=a)b", "schemes[0].pattern", "must be a regular expression")]
    [TestCase("length: 8", "length: 8\n    pattern: a", "schemes[1].pattern", "not both")]
    [TestCase("length: 8", "length: 0", "schemes[1].length", "must be a number from 1 to 256")]
    [TestCase("length: 8", "length: 0x8", "schemes[1].length", "must be a number from 1 to 256")]
    [TestCase("normalize: [trim, upper]", "normalize: [trim, shout]", "schemes[0].normalize[1]", "must be trim, collapse-space")]
    [TestCase("normalize: [trim, upper]", "normalize: [lower, upper]", "schemes[0].normalize", "both upper and lower")]
    [TestCase("id: civil-affairs/address", "id: unknown/address", "attributes[1].id", "must be of a declared department", 2)]
    [TestCase("id: civil-affairs/address", "id: civil-affairs/marital-status", "attributes[1]", "must not be declared twice", 2)]
    [TestCase("id: civil-affairs/marital-status", "id: civil-affairs", "attributes[0].id", "must be department/name", 2)]
    [TestCase("type: code", "type: Code", "attributes[0].type", "must be text, integer")]
    [TestCase("type: code", "type: unspecified", "attributes[0].type", "must be text, integer")]
    [TestCase("type: code", "type: 7", "attributes[0].type", "must be text, integer")]
    [TestCase("holding: held", "holding: kept", "attributes[0].holding", "must be held or located")]
    [TestCase("max_age: 30d", "max_age: 30", "attributes[0].max_age", "must be a length of time")]
    [TestCase("max_age: 30d", "max_age: 0d", "attributes[0].max_age", "must be a length of time")]
    [TestCase("max_age: 30d", "max_age: 36501d", "attributes[0].max_age", "must be a length of time")]
    [TestCase("max_age: 30d", "max_age: P1M", "attributes[0].max_age", "must be a length of time")]
    [TestCase("department: civil-affairs", "department: nobody", "link_rights[0].department", "must name a declared department")]
    [TestCase("schemes: [cn-resident, coins]", "schemes: [cn-resident, cn-passport]", "link_rights[0].schemes[1]", "must name a declared or built-in scheme")]
    [TestCase("schemes: [cn-resident, coins]", "schemes: [coins]", "link_rights[0].schemes", "must name two schemes")]
    [TestCase("schemes: [cn-resident, coins]", "schemes: [coins, coins, coins]", "link_rights[0].schemes", "must have at most 2 items")]
    [TestCase("consumer: housing", "consumer: nobody", "grants[0].consumer", "must name a declared department")]
    [TestCase("consumer: housing", "consumer: '*'", "grants[0].consumer", "must be 1 to 63 characters")]
    [TestCase("      - civil-affairs/address", "      - civil-affairs/*", "grants[0].attributes[1]", "must be department/name")]
    [TestCase("      - civil-affairs/address", "      - civil-affairs/adress", "grants[0].attributes[1]", "must name a declared attribute")]
    [TestCase("      - civil-affairs/address", "      - civil-affairs/marital-status", "grants[0].attributes[1]", "must not be granted twice")]
    [TestCase("purpose: rent-subsidy", "purpose: rent subsidy", "grants[0].purpose", "must be 1 to 63 characters")]
    [TestCase("legal_basis: Housing Act, section 12", "legal_basis: ' x'", "grants[0].legal_basis", "without blanks at the ends")]
    [TestCase("valid_from: 2026-01-01", "valid_from: 2026-02-30", "grants[0].valid_from", "must be a day")]
    [TestCase("valid_from: 2026-01-01", "valid_from: 2026-01-01T00:00:00", "grants[0].valid_from", "must be a day")]
    [TestCase("valid_from: 2026-01-01", "valid_from: 2026-12-31", "grants[0].valid_until", "must be after valid_from")]
    public void Read_OneRuleBroken_IsRefusedWithItsPlace(string part, string replacement, string path, string rule, int errorsMax = 1)
    {
        var reading = SampleCatalogue.Read(SampleCatalogue.With(part, replacement));

        Assert.Multiple(() =>
        {
            Assert.That(reading.File, Is.Null);
            Assert.That(reading.Errors, Has.Count.InRange(1, errorsMax).And.Some.Matches<YamlError>(e => e!.Path == path && e.Rule.Contains(rule)), Listed(reading));
            Assert.That(reading.Errors, Has.All.Matches<YamlError>(e => e!.Line > 0 && e.Column > 0));
        });
    }

    [Test]
    public void Read_ManyRulesBroken_TellsAllAtOnceInTheOrderOfTheFile()
    {
        var yaml = SampleCatalogue.Yaml
            .Replace("type: code", "type: word", StringComparison.Ordinal)
            .Replace("suspended: true", "suspended: maybe", StringComparison.Ordinal)
            .Replace("length: 8", "length: many", StringComparison.Ordinal)
            .Replace("      - civil-affairs/address", "      - civil-affairs/adress\n      - civil-affairs/nothing", StringComparison.Ordinal)
            + "\nextras: []\n";

        var reading = SampleCatalogue.Read(yaml);

        Assert.That(
            reading.Errors.Select(e => e.Path),
            Is.EqualTo(new[] { "departments[1].suspended", "schemes[1].length", "attributes[0].type", "grants[0].attributes[1]", "grants[0].attributes[2]", "extras" }),
            Listed(reading));
    }

    [Test]
    public void Read_BrokenRule_IsPlacedOnItsLineAndColumn()
    {
        var lines = SampleCatalogue.With("      - civil-affairs/address", "      - civil-affairs/adress").Split('\n');
        var line = Array.FindIndex(lines, l => l.Contains("adress", StringComparison.Ordinal)) + 1;

        var error = SampleCatalogue.Read(string.Join('\n', lines)).Errors.Single();

        Assert.That(error.ToString(), Is.EqualTo($"grants[0].attributes[1] (line {line}:9): must name a declared attribute"));
    }

    [Test]
    public void Read_KeyFile_IsReadFromTheFolder()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["housing.pem"], SampleCatalogue.CertificatePem());
        var yaml = WithSecondKey("file: housing.pem");

        var reading = SampleCatalogue.Read(yaml, folder.Path);

        Assert.That(reading.Errors, Is.Empty);
        using var certificate = System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(File.ReadAllText(folder["housing.pem"]));
        Assert.That(reading.File!.Keys[1].KeyId, Is.EqualTo(KeyId.Of(certificate)));
    }

    [TestCase("missing.pem")]
    [TestCase(".")]
    [TestCase("large.pem")]
    [TestCase("\"nul\\0.pem\"")]
    public void Read_KeyFileUnreadable_IsRefused(string name)
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["large.pem"], new string('x', KeyMaterial.PemLengthMax + 1));

        var reading = SampleCatalogue.Read(WithSecondKey($"file: {name}"), folder.Path);

        Assert.That(reading.Errors.Single().ToString(), Does.StartWith("departments[1].keys[0].file").And.Contain("must name a readable text file"));
    }

    [Test]
    public void Read_KeyOfAnotherKind_IsRefused()
    {
        using var rsa = RSA.Create(2048);
        using var p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var cases = new (string Pem, string Rule)[]
        {
            (rsa.ExportSubjectPublicKeyInfoPem(), "must be an ECDSA key on the named curve P-256"),
            (SampleCatalogue.PublicKeyPem(ECCurve.NamedCurves.nistP384), "must be an ECDSA key on the named curve P-256"),
            (p256.ExportPkcs8PrivateKeyPem(), "must not hold a private key"),
            (SampleCatalogue.SecondKey + "\n" + SampleCatalogue.FirstKey, "exactly one"),
            ("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "exactly one"),
            ("no key", "exactly one"),
            (SampleCatalogue.FirstKey, "must not be registered twice"),
        };

        foreach (var (pem, rule) in cases)
        {
            var reading = SampleCatalogue.Read(WithSecondKey("pem: |\n" + SampleCatalogue.Indent(pem, 12)));
            Assert.That(reading.Errors.Single().ToString(), Does.StartWith("departments[1].keys[0].pem (line").And.Contain(rule));
        }
    }

    [TestCase("")]
    [TestCase("[]")]
    [TestCase("just text")]
    public void Read_NoMap_IsRefused(string yaml) => Assert.That(SampleCatalogue.Read(yaml).Errors.Single().Rule, Is.EqualTo("must be a map"));

    [Test]
    public void Read_EmptyMap_IsAnEmptyCatalogue() => Assert.That(SampleCatalogue.File("{}").Departments, Is.Empty);

    [TestCase("a: &x [1]\nb: *x", "must not use anchors and aliases")]
    [TestCase("a: !!binary AAAA", "must not use tags")]
    [TestCase("a: !System.Type x", "must not use tags")]
    [TestCase("a: b\n---\nc: d", "must be one document")]
    [TestCase("a: {b: [", "must be well-formed YAML")]
    [TestCase("a:\n\t- b", "must be well-formed YAML")]
    [TestCase("[a]: b", "must have text as the keys of a map")]
    [TestCase("a: [[[[[[[[[b]]]]]]]]]", "must be nested at most 8 deep")]
    [TestCase("<<: {a: b}", "is not a known key here")]
    public void Read_MoreThanPlainYaml_IsRefusedWithItsPlace(string yaml, string rule)
    {
        var error = SampleCatalogue.Read(yaml).Errors.Single();

        Assert.That((error.Rule, error.Line > 0), Is.EqualTo((rule, true)));
    }

    [Test]
    [CancelAfter(30_000)]
    public void Read_YamlBombs_AreRefusedAtOnce()
    {
        var laughs = string.Join('\n', Enumerable.Range(1, 9).Select(i => $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 9))}]"));
        var bombs = new[]
        {
            "a0: &a0 lol\n" + laughs,
            new string('[', 1_000_000),
            string.Concat(Enumerable.Repeat("{a: ", 500_000)),
            "a: [" + string.Concat(Enumerable.Repeat("a,", YamlTree.NodesMax + 1)) + "]",
        };

        var allocated = GC.GetAllocatedBytesForCurrentThread();
        foreach (var bomb in bombs)
            Assert.That(SampleCatalogue.Read(bomb).Errors, Has.Count.EqualTo(1));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - allocated, Is.LessThan(4L << 30));
    }

    [Test]
    public void Read_FileOverTheLimit_IsRefusedWithoutReadingOn()
    {
        using var endless = new EndlessStream();

        var reading = CatalogueReader.Read(endless, ".");

        Assert.That(reading.Errors.Single().ToString(), Is.EqualTo($"the file must be at most {YamlTree.FileBytesMax} bytes long"));
        Assert.That(endless.Given, Is.LessThan(YamlTree.FileBytesMax + 1_000_000));
    }

    [Test]
    public void Read_NotUtf8_IsRefused()
    {
        var reading = CatalogueReader.Read(new MemoryStream([0x61, 0xff, 0xfe]), ".");

        Assert.That(reading.Errors.Single().ToString(), Is.EqualTo("the file must be UTF-8"));
    }

    [Test]
    public void Read_ByteOrderMarkAndCarriageReturns_AreFine()
    {
        var bytes = Encoding.UTF8.GetPreamble().Concat(Encoding.UTF8.GetBytes(SampleCatalogue.Yaml.ReplaceLineEndings("\r\n"))).ToArray();

        Assert.That(CatalogueReader.Read(new MemoryStream(bytes), ".").Errors, Is.Empty);
    }

    [Test]
    public void Read_MoreErrorsThanReported_SaysHowManyMore()
    {
        var yaml = "schemes:\n" + string.Concat(Enumerable.Repeat("  - x\n", 1_000)) + "link_rights:\n" + string.Concat(Enumerable.Repeat("  - x\n", 5));

        var errors = SampleCatalogue.Read(yaml).Errors;

        Assert.That(errors, Has.Count.EqualTo(YamlErrors.ReportedMax + 1));
        Assert.That(errors[^1].ToString(), Does.StartWith("the file has ").And.EndWith(" more errors"));
    }

    [Test]
    public void Read_ErrorTexts_NeverQuoteTheFile()
    {
        const string canary = "canary4711";
        var yaml = SampleCatalogue.Yaml
            .Replace("type: code", $"type: {canary}", StringComparison.Ordinal)
            .Replace("name: Civil affairs", $"name: \"{canary}\\0\"", StringComparison.Ordinal)
            .Replace("suspended: true", $"\"{canary} !\": true", StringComparison.Ordinal)
            .Replace("      - civil-affairs/address", $"      - civil-affairs/{canary}", StringComparison.Ordinal);

        var reading = SampleCatalogue.Read(yaml);

        Assert.That(reading.Errors, Has.Count.EqualTo(4), Listed(reading));
        Assert.That(Listed(reading), Does.Not.Contain(canary));
    }

    private static string Listed(CatalogueReading reading) => string.Join('\n', reading.Errors);

    private static string WithSecondKey(string field) =>
        SampleCatalogue.With("pem: |\n" + SampleCatalogue.Indent(SampleCatalogue.SecondKey, 12), field);

    private static string IdOf(string pem)
    {
        using var key = ECDsa.Create();
        key.ImportFromPem(pem);
        return KeyId.Of(key.ExportSubjectPublicKeyInfo());
    }

    private sealed class EndlessStream : MemoryStream
    {
        public long Given { get; private set; }

        public override int Read(Span<byte> buffer)
        {
            buffer.Fill((byte)'#');
            Given += buffer.Length;
            return buffer.Length;
        }
    }
}
