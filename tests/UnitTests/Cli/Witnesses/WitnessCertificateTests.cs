using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using DataExchange.Cli.Witnesses;
using DataExchange.Hosting;
using DataExchange.Testing;
using DataExchange.Transparency.Notes;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Witnesses;

/// <summary>A witness whose certificate is replaced while it runs, over real handshakes.</summary>
public sealed class WitnessCertificateTests
{
    private readonly TestCertificates _certificates = new("first", "next");
    private readonly TempFolder _folder = new();
    private readonly int _port = FreePort.Next();

    [OneTimeTearDown]
    public void TearDown()
    {
        _certificates.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Handshake_FilesReplacedOneAfterTheOther_ShowsTheFormerUntilBothAreThere()
    {
        var (first, next) = (_certificates.Department("first"), _certificates.Department("next"));
        var (certificate, key) = (_folder["witness.pem"], _folder["witness.key"]);
        Copy(first.CertificatePath, certificate);
        Copy(first.KeyPath, key);
        await using var witness = WitnessHost.Build(Config(certificate, key));
        await witness.StartAsync();
        Assert.That(await ShownAsync(), Is.EqualTo(PemOf(first)));

        Copy(next.CertificatePath, certificate);
        Assert.That(await ShownAsync(), Is.EqualTo(PemOf(first)), "its key is still the former one's");
        Copy(next.KeyPath, key);
        Assert.That(await ShownAsync(), Is.EqualTo(PemOf(next)));

        await witness.StopAsync();
    }

    private string Config(string certificate, string key)
    {
        using var log = new NoteSigner("log.example", NoteKeyType.Ed25519, new byte[NoteSigner.SeedBytes]);
        var config = _folder["witness.json"];
        File.WriteAllText(config, JsonSerializer.Serialize(new
        {
            Witness = new
            {
                Name = "witness.example/w1", Folder = _folder["state"], KeyPath = _folder["cosign.key"], Port = _port, CertificatePath = certificate, CertificateKeyPath = key,
                Logs = new[] { log.Key.ToString() },
            },
            Logging = new { Console = new { LogLevel = new { Default = "None" } } },
        }));
        return config;
    }

    private static string PemOf(TlsOptions department)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(department.CertificatePath);
        return certificate.ExportCertificatePem();
    }

    // Copying keeps the times of what is copied, and replacing makes new ones.
    private static void Copy(string from, string to) => File.WriteAllBytes(to, File.ReadAllBytes(from));

    private async Task<string> ShownAsync()
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", _port);
        // Any certificate: which one it is is what is asked.
#pragma warning disable CA5359
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: false, (_, _, _, _) => true);
#pragma warning restore CA5359
        await tls.AuthenticateAsClientAsync("witness.example");
        using var shown = X509CertificateLoader.LoadCertificate(tls.RemoteCertificate!.Export(X509ContentType.Cert));
        return shown.ExportCertificatePem();
    }
}
