using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Hosting;
using DataExchange.Testing;
using Grpc.Core;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Tls;

/// <summary>Certificate files replaced under a server that serves, and under a client that calls.</summary>
internal sealed class CertificateRenewalTests
{
    private static readonly string[] Hub1 = [$"spiffe://{TestAuthority.TrustDomain}/hub/hub1"];
    private static readonly string[] BothUses = [TestAuthority.ServerUse, TestAuthority.ClientUse];

    private TestAuthority _authority = null!;
    private TestServer _server = null!;
    private TempFolder _folder = null!;

    [SetUp]
    public async Task SetUp()
    {
        (_folder, _authority) = (new TempFolder(), new TestAuthority());
        _server = await TestServer.StartAsync(_authority);
    }

    [TearDown]
    public async Task TearDown()
    {
        await _server.DisposeAsync();
        _authority.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Server_FilesReplaced_ShowsTheNewOneToNewConnectionsWhileOpenCallsGoOn()
    {
        using var tax = _server.Client();
        using var channel = _server.Connect(tax);
        using var open = new Wire.LookupService.LookupServiceClient(channel).LookupMany();
        await EchoAsync(open);
        var former = await ShownAsync(tax);
        using var next = _authority.Issue(Hub1, BothUses);

        Replace(_server.Files, next);
        await EventuallyShownAsync(tax, next.Thumbprint);

        Assert.That(former, Is.Not.EqualTo(next.Thumbprint));
        await EchoAsync(open);
        using var another = _server.Connect(tax);
        Assert.That((await new Wire.LookupService.LookupServiceClient(another).LookupAsync(new Wire.LookupRequest())).RequestId, Is.EqualTo("tax"));
        Assert.That((await HealthAsync()).Status, Is.EqualTo(HealthStatus.Degraded), "it ends within a day, as all of the test's");
    }

    public static IEnumerable<TestCaseData> Broken()
    {
        yield return Case("no certificate", (files, _) => File.WriteAllText(files.CertificatePath, "-----BEGIN"), "PEM certificate");
        yield return Case("half a certificate", (files, _) => File.WriteAllText(files.CertificatePath, File.ReadAllText(files.CertificatePath)[..200]), "PEM certificate");
        yield return Case("no file", (files, _) => File.Delete(files.CertificatePath), "cannot be used");
        yield return Case("another's key", (files, authority) => Write(files.KeyPath, authority.Issue(Hub1, BothUses).GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()), "cannot be used");
        yield return Case("another name", (files, authority) => Replace(files, authority.Issue([TestAuthority.Department("tax")], BothUses)), "names another process");
        yield return Case("no name", (files, authority) => Replace(files, authority.Issue([], BothUses)), "NameMissing");
        yield return Case("expired", (files, authority) => Replace(files, authority.Issue(Hub1, BothUses, -10, -1)), "not valid now");
        yield return Case("not yet valid", (files, authority) => Replace(files, authority.Issue(Hub1, BothUses, 1, 10)), "not valid now");
        yield return Case("another root", (files, _) =>
        {
            using var other = new TestAuthority();
            Replace(files, other.Issue(Hub1, BothUses));
        }, "does not come from a root");

        static TestCaseData Case(string name, Action<TlsOptions, TestAuthority> breaking, string why) => new TestCaseData(breaking, why).SetArgDisplayNames(name);
    }

    [TestCaseSource(nameof(Broken))]
    public async Task Server_ReplacedByWhatCannotServe_GoesOnWithTheFormerAndHealthSaysWhy(object breaking, string why)
    {
        using var tax = _server.Client();
        var former = await ShownAsync(tax);

        ((Action<TlsOptions, TestAuthority>)breaking)(_server.Files, _authority);
        var told = await Eventually.Async("health says so", LookAsync, told => told.Contains("former certificate goes on", StringComparison.Ordinal));

        Assert.That(told, Does.Contain(why));
        Assert.That(await ShownAsync(tax), Is.EqualTo(former));
        using var next = _authority.Issue(Hub1, BothUses);
        Replace(_server.Files, next);
        await EventuallyShownAsync(tax, next.Thumbprint);
        Assert.That((await HealthAsync()).Description, Does.Not.Contain("former certificate"));

        async Task<string> LookAsync()
        {
            _server.Clock.Advance(TimeSpan.FromSeconds(5));
            return (await HealthAsync()).Description ?? "";
        }
    }

    [Test]
    public async Task Client_FilesReplaced_CallsWithTheNewKeyWhileOpenCallsGoOn()
    {
        using var first = _authority.Issue([TestAuthority.Department("tax")], [TestAuthority.ClientUse]);
        var files = _authority.Save(first, _folder.Path, "tax");
        using var credentials = TlsCredentials.Load(files);
        using var channel = new RenewedChannel(credentials, () => _server.Connect(credentials));
        var client = new Wire.LookupService.LookupServiceClient(channel);
        _server.Keys.Registered["tax"] = credentials.Identity.KeyId;
        using var open = client.LookupMany();
        await EchoAsync(open);
        using var next = _authority.Issue([TestAuthority.Department("tax")], [TestAuthority.ClientUse]);
        Replace(files, next);

        Assert.That(credentials.TryRenew(TimeProvider.System.GetUtcNow()));
        Assert.That(credentials.TryRenew(TimeProvider.System.GetUtcNow()), Is.False, "once");
        await EchoAsync(open);
        _server.Keys.Registered["tax"] = credentials.Identity.KeyId;
        Assert.That((await client.LookupAsync(new Wire.LookupRequest())).RequestId, Is.EqualTo("tax"), "the new key alone is registered");
    }

    private static async Task EchoAsync(AsyncDuplexStreamingCall<Wire.LookupManyRequest, Wire.LookupManyResponse> call)
    {
        await call.RequestStream.WriteAsync(new Wire.LookupManyRequest());
        Assert.That(await call.ResponseStream.MoveNext(CancellationToken.None));
    }

    private Task EventuallyShownAsync(TlsCredentials client, string thumbprint) => Eventually.Async("the new certificate", async () =>
    {
        _server.Clock.Advance(TimeSpan.FromSeconds(5));
        return await ShownAsync(client) == thumbprint;
    });

    /// <summary>What the server shows to a new connection.</summary>
    private async Task<string> ShownAsync(TlsCredentials client)
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(_server.Address.Host, _server.Address.Port);
        var shown = "";
        await using var stream = new SslStream(socket.GetStream());
        await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "hub",
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            ClientCertificates = [client.Certificate],
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                shown = (certificate as X509Certificate2)?.Thumbprint ?? "";
                return certificate is not null;
            },
        });
        return shown;
    }

    private async Task<HealthReportEntry> HealthAsync() => (await _server.HealthAsync()).Entries["certificate"];

    /// <summary>As an operator does: each file whole at once, the key first.</summary>
    private static void Replace(TlsOptions files, X509Certificate2 next)
    {
        Write(files.KeyPath, next.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        Write(files.CertificatePath, next.ExportCertificatePem());
    }

    private static void Write(string path, string text) => WholeFile.Write(path, System.Text.Encoding.UTF8.GetBytes(text), WholeFile.OwnerOnly, overwrite: true);
}
