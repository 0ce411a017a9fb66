using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Hosting;
using DataExchange.Testing;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Tls;

/// <summary>Every wrong certificate, against a real listener, by a client that takes any server.</summary>
[TestFixture]
internal sealed class HandshakeTests
{
    private const string HandshakeRefused = nameof(HandshakeRefused);

    private TestAuthority _authority = null!;
    private TestServer _server = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _authority = new TestAuthority();
        _server = await TestServer.StartAsync(_authority);
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        await _server.DisposeAsync();
        _authority.Dispose();
    }

    [SetUp]
    public void ForgetLogs() => _server.Logs.Clear();

    private static IEnumerable<TestCaseData> WrongCertificates()
    {
        string[] tax = [TestAuthority.Department("tax")];
        string[] client = [TestAuthority.ClientUse];
        yield return Case("no certificate", _ => null, CertificateRefusal.Missing);
        yield return Case("other root", _ => Foreign(tax), CertificateRefusal.NotFromRoot);
        yield return Case("self-signed", _ => TestAuthority.SelfSigned("CN=department/tax", false, tax), CertificateRefusal.NotFromRoot);
        yield return Case("expired", a => a.Issue(tax, client, -10, -1), CertificateRefusal.Expired);
        yield return Case("not yet valid", a => a.Issue(tax, client, 1, 10), CertificateRefusal.NotYetValid);
        yield return Case("server use only", a => a.Issue(tax, [TestAuthority.ServerUse]), CertificateRefusal.WrongUse);
        yield return Case("no use stated", a => a.Issue(tax, null), CertificateRefusal.WrongUse);
        yield return Case("the root itself", a => new X509Certificate2(a.Root), CertificateRefusal.WrongUse);
        yield return Case("common name only", a => a.Issue([], client), CertificateRefusal.NameMissing);
        yield return Case("two names", a => a.Issue([.. tax, TestAuthority.Department("health")], client), CertificateRefusal.NameAmbiguous);
        yield return Case("the same name twice", a => a.Issue([.. tax, .. tax], client), CertificateRefusal.NameAmbiguous);
        yield return Case("other trust domain", a => a.Issue(["spiffe://other.example/department/tax"], client), CertificateRefusal.OtherTrustDomain);
        yield return Case("longer trust domain", a => a.Issue(["spiffe://test.example.org/department/tax"], client), CertificateRefusal.OtherTrustDomain);
        yield return Case("upper-case trust domain", a => a.Issue(["spiffe://TEST.example/department/tax"], client), CertificateRefusal.OtherTrustDomain);
        yield return Case("other scheme", a => a.Issue(["https://test.example/department/tax"], client), CertificateRefusal.OtherTrustDomain);
        foreach (var path in new[] { "department/Tax", "department/t%61x", "department/tax/", "department//tax", "department/../hub/tax", "department/", "department", "/department/tax",
                     "Department/tax", "hubs/tax", "tax", "department/tax?x", "department/tax#x", "department/tax.", "department/ta x", "" })
        {
            yield return Case($"path '{path}'", a => a.Issue([$"spiffe://{TestAuthority.TrustDomain}/{path}"], client), CertificateRefusal.NameMalformed);
        }

        static TestCaseData Case(string name, Func<TestAuthority, X509Certificate2?> make, CertificateRefusal refusal) =>
            new TestCaseData(make, refusal).SetArgDisplayNames(name);

        static X509Certificate2 Foreign(string[] uris)
        {
            using var other = new TestAuthority();
            return other.Issue(uris, [TestAuthority.ClientUse]);
        }
    }

    [TestCaseSource(nameof(WrongCertificates))]
    public async Task Handshake_WrongCertificate_IsRefusedAndLoggedWithItsReason(object make, object refusal)
    {
        using var certificate = ((Func<TestAuthority, X509Certificate2?>)make)(_authority);
        using var channel = ConnectUnchecked(certificate);

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await LookupAsync(channel));

        Assert.That(failure!.StatusCode, Is.EqualTo(StatusCode.Unavailable).Or.EqualTo(StatusCode.Internal), failure.Status.Detail);
        await Eventually.Async("a logged refusal", () => Refusals().Any());
        Assert.That(Refusals(), Has.All.EqualTo($"{refusal}"));
        Assert.That(_server.Logs.GetSnapshot().Where(record => record.Level >= LogLevel.Error), Is.Empty);
    }

    [Test]
    public async Task Handshake_RegisteredDepartment_IsAnsweredUnderItsName()
    {
        using var credentials = _server.Client("tax");
        using var channel = _server.Connect(credentials);

        Assert.That((await LookupAsync(channel)).RequestId, Is.EqualTo("tax"));
        Assert.That(Refusals(), Is.Empty);
    }

    [Test]
    public async Task Handshake_OlderTlsOrHttp1_IsRefused([Values] bool oldTls)
    {
        using var certificate = _authority.Issue([TestAuthority.Department("tax")], [TestAuthority.ClientUse]);
        using var tcp = new System.Net.Sockets.TcpClient();
        await tcp.ConnectAsync(_server.Address.Host, _server.Address.Port);
        await using var tls = new SslStream(tcp.GetStream());
        var options = Unchecked(certificate);
        options.TargetHost = "localhost";
        options.EnabledSslProtocols = oldTls ? SslProtocols.Tls12 : SslProtocols.Tls13;
        options.ApplicationProtocols = [oldTls ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11];

        Assert.That(async () => await tls.AuthenticateAsClientAsync(options), Throws.InstanceOf<AuthenticationException>().Or.InstanceOf<IOException>());
    }

    private IEnumerable<string> Refusals() =>
        _server.Logs.GetSnapshot().Where(record => record.Id.Name == HandshakeRefused).Select(record => record.GetStructuredStateValue("Reason")!);

    private static async Task<Wire.LookupResponse> LookupAsync(GrpcChannel channel) =>
        await new Wire.LookupService.LookupServiceClient(channel).LookupAsync(new Wire.LookupRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(20));

    private GrpcChannel ConnectUnchecked(X509Certificate2? certificate) => GrpcChannel.ForAddress(_server.Address, new GrpcChannelOptions
    {
        HttpHandler = new SocketsHttpHandler { SslOptions = Unchecked(certificate) },
        DisposeHttpClient = true,
    });

    private static SslClientAuthenticationOptions Unchecked(X509Certificate2? certificate) => new()
    {
        ClientCertificates = certificate is null ? [] : [certificate],
        LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate!,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
    };
}
