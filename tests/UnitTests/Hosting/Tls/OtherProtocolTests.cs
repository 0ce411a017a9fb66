using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DataExchange.Testing;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Tls;

/// <summary>Peers that speak something else than HTTP/2 over TLS 1.3 are shown the door, and nothing they do is an error of the process.</summary>
[TestFixture]
internal sealed class OtherProtocolTests
{
    private TestAuthority _authority = null!;
    private TestServer _server = null!;
    private X509Certificate2 _certificate = null!;

    [SetUp]
    public async Task StartServer()
    {
        _authority = new TestAuthority();
        _server = await TestServer.StartAsync(_authority);
        _certificate = _authority.Issue([TestAuthority.Department("tax")], [TestAuthority.ClientUse]);
    }

    [TearDown]
    public async Task StopServer()
    {
        await _server.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
    }

    [TestCase("GET / HTTP/1.1\r\nHost: hub\r\n\r\n")]
    [TestCase("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [TestCase("\u0016\u0003\u0001\u0000\u0005hello")]
    public async Task Connection_WithoutTls_IsClosedAndNoError(string sent)
    {
        using var tcp = await ConnectAsync();
        await SpeakAsync(tcp.GetStream(), sent);

        await AssertNoErrorsAsync();
    }

    /// <summary>Records of every kind of content, among them such as begin like a hello, whole, in two parts, and cut off.</summary>
    [Test]
    public async Task Connection_WithRecordsOfNoHello_IsClosedAndNoError()
    {
        var random = new Random(5);
        for (var n = 0; n < 400; n++)
        {
            var body = new byte[random.Next(80)];
            random.NextBytes(body);
            byte[] record = [0x16, 3, (byte)random.Next(5), 0, (byte)body.Length, .. body];
            if (record.Length > 5 && n % 2 == 0)
                record[5] = 1;
            using var tcp = await ConnectAsync();
            tcp.NoDelay = true;
            var split = random.Next(record.Length);
            await SendAsync(tcp, record[..split]);
            await SendAsync(tcp, record[split..]);
            if (n % 3 == 0)
                tcp.Client.LingerState = new LingerOption(enable: true, seconds: 0);
        }

        await AssertNoErrorsAsync();
        Assert.That(_server.Logs.GetSnapshot().Count(log => log.Id.Name == "ConnectionNotTls" && log.Level == LogLevel.Information), Is.GreaterThan(50));
    }

    [TestCase(null, "GET / HTTP/1.1\r\nHost: hub\r\n\r\n")]
    [TestCase(null, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")]
    [TestCase(null, "")]
    [TestCase("h2", "GET / HTTP/1.1\r\nHost: hub\r\n\r\n")]
    [TestCase("h2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\u0000\u0000\u0001\u0009\u0000\u0000\u0000\u0000\u0001x")]
    [TestCase("h2", "")]
    public async Task Connection_WithTls_IsClosedAndNoError(string? protocol, string sent)
    {
        using var tcp = await ConnectAsync();
        await using var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(Options(protocol));
        await SpeakAsync(tls, sent);

        await AssertNoErrorsAsync();
        Assert.That(_server.Logs.GetSnapshot().Count(log => log.Id.Name == "ConnectionNotHttp2" && log.Level == LogLevel.Information), Is.EqualTo(protocol is null ? 1 : 0));
    }

    [Test]
    public async Task Connection_OtherTlsOrProtocol_IsClosedAndNoError([Values("http/1.1", "h2")] string protocol)
    {
        using var tcp = await ConnectAsync();
        await using var tls = new SslStream(tcp.GetStream());
        var options = Options(protocol);
        if (protocol == "h2")
            options.EnabledSslProtocols = SslProtocols.Tls12;
        await Assert.CatchAsync(() => tls.AuthenticateAsClientAsync(options));

        await AssertNoErrorsAsync();
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var tcp = new TcpClient();
        await tcp.ConnectAsync(_server.Address.Host, _server.Address.Port);
        return tcp;
    }

    private static async Task SendAsync(TcpClient tcp, byte[] bytes)
    {
        try
        {
            await tcp.GetStream().WriteAsync(bytes);
        }
        catch (IOException)
        {
            // Closed by the server after the first part.
        }
    }

    private static async Task SpeakAsync(Stream stream, string sent)
    {
        try
        {
            await stream.WriteAsync(Encoding.Latin1.GetBytes(sent));
            if (sent.Length > 0)
                await stream.CopyToAsync(Stream.Null).WaitAsync(Eventually.DefaultTimeout);
        }
        catch (IOException)
        {
            // Closed by the server, which may be a reset.
        }
    }

    /// <summary>What stops waits for its connections, so that all is logged.</summary>
    private async Task AssertNoErrorsAsync()
    {
        await _server.StopAsync();
        Assert.That(_server.Logs.GetSnapshot().Where(log => log.Level >= LogLevel.Error).Select(log => $"{log.Category} {log.Message} {log.Exception}"), Is.Empty);
    }

    private SslClientAuthenticationOptions Options(string? protocol) => new()
    {
        TargetHost = "localhost",
        EnabledSslProtocols = SslProtocols.Tls13,
        ApplicationProtocols = protocol is null ? null : [new SslApplicationProtocol(protocol)],
        LocalCertificateSelectionCallback = (_, _, _, _, _) => _certificate,
        RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
    };
}
