using System.CommandLine;
using System.Text.Json;
using DataExchange.Cli.Certificates;
using DataExchange.Hosting;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Certificates;

[TestFixture]
internal sealed class CertificatesCommandTests
{
    [Test]
    public void Run_Json_NamesEveryKeyAndCanBeRepeated()
    {
        using var folder = new TempFolder();
        string[] arguments = ["--out", folder["pki"], "--trust-domain", "test.example", "--hub", "hub-1", "--department", "tax", "health", "--json"];

        var first = Run(arguments);
        var second = Run(arguments);

        Assert.That((first.Code, second.Code), Is.EqualTo((0, 0)));
        var made = JsonDocument.Parse(first.Output).RootElement;
        Assert.That(made.GetProperty("certificates").EnumerateArray().Select(line => line.GetProperty("name").GetString()), Is.EqualTo(new[] { "hub-1", "tax", "health" }));
        Assert.That(made.GetProperty("written").GetArrayLength(), Is.EqualTo(8));
        var again = JsonDocument.Parse(second.Output).RootElement;
        Assert.That(again.GetProperty("written").GetArrayLength(), Is.Zero);
        Assert.That(again.GetProperty("certificates").GetRawText(), Is.EqualTo(made.GetProperty("certificates").GetRawText()));
        var tax = made.GetProperty("certificates")[1];
        using var credentials = TlsCredentials.Load(new TlsOptions
        {
            TrustDomain = made.GetProperty("trust_domain").GetString()!,
            RootPath = made.GetProperty("root").GetString()!,
            CertificatePath = tax.GetProperty("certificate").GetString()!,
            KeyPath = tax.GetProperty("key").GetString()!,
        });
        Assert.That(credentials.Identity.KeyId, Is.EqualTo(tax.GetProperty("key_id").GetString()));
    }

    [TestCase("--hub", "Hub 1")]
    [TestCase("--department", "tax/all")]
    [TestCase("--trust-domain", "Example.org")]
    public void Parse_WrongSpelling_IsAUsageError(string option, string value)
    {
        var arguments = new Dictionary<string, string> { ["--out"] = "x", ["--trust-domain"] = "test.example", ["--hub"] = "hub-1", ["--department"] = "tax", [option] = value };

        var parsed = CertificatesCommand.Create().Parse([.. arguments.SelectMany(pair => new[] { pair.Key, pair.Value })]);

        Assert.That(parsed.Errors.Select(error => error.Message), Has.One.StartsWith(option));
    }

    [Test]
    public void Run_FolderIsAFile_IsUnavailable()
    {
        using var folder = new TempFolder();
        File.WriteAllText(folder["file"], "");

        var (code, _) = Run("--out", folder["file"], "--trust-domain", "test.example", "--hub", "hub-1");

        Assert.That(code, Is.EqualTo(3));
    }

    private static (int Code, string Output) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = CertificatesCommand.Create().Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString());
    }
}
