using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using DataExchange.Hosting;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Rest;

/// <summary>Bodies that end badly, byte by byte: each is answered in the one form of errors, and is no fault of ours in the log.</summary>
[TestFixture]
internal sealed class RestBodyTests
{
    private const string Marker = "MARK4711";
    private const string Head = "POST /v1/lookups HTTP/1.1\r\nHost: hub1\r\nConnection: close\r\nContent-Type: application/json\r\n";

    private TestAuthority _authority = null!;
    private TestServer _server = null!;
    private TlsCredentials _tax = null!;

    [SetUp]
    public async Task StartServer()
    {
        _authority = new TestAuthority();
        _server = await TestServer.StartAsync(_authority, "--Rest:Enabled=true");
        _tax = _server.Client("tax");
    }

    /// <summary>Disposing fails on errors in the log.</summary>
    [TearDown]
    public async Task StopServer()
    {
        _tax.Dispose();
        await _server.StopAsync();
        await _server.DisposeAsync();
        _authority.Dispose();
    }

    [TestCase("{\"" + Marker + "\\ud800\":1}")]
    [TestCase("{\"" + Marker + "\u00ff\":1}")]
    [TestCase("{\"identifier\":{\"" + Marker + "\\udc00\":1}}")]
    [TestCase("{\"purpose\":\"" + Marker + "\\ud800\"}")]
    [TestCase("{\"purpose\":\"" + Marker + "\u00ff\"}")]
    public async Task Lookup_TextThatIsNoUnicode_IsInvalidAndNotQuoted(string body)
    {
        await using var connection = await ConnectAsync();
        await SendAsync(connection, $"{Head}Content-Length: {body.Length}\r\n\r\n{body}");

        var answer = await ReadAsync(connection);

        VerifyError(answer, 400, "REQUEST_INVALID");
        Assert.That(answer + _server.Unexpected.Text, Does.Not.Contain(Marker));
    }

    [TestCase("zz\r\n{}\r\n0\r\n\r\n")]
    [TestCase("2\r\n{}garbage")]
    public async Task Lookup_ChunksThatAreNone_AreInvalid(string chunks)
    {
        await using var connection = await ConnectAsync();
        await SendAsync(connection, $"{Head}Transfer-Encoding: chunked\r\n\r\n{chunks}");

        VerifyError(await ReadAsync(connection), 400, "REQUEST_INVALID");
    }

    [Test]
    public async Task Lookup_BodyTooSlow_IsInvalid()
    {
        await using var connection = await ConnectAsync();
        await SendAsync(connection, $"{Head}Content-Length: 100000\r\n\r\n{{");

        VerifyError(await ReadAsync(connection), 400, "REQUEST_INVALID");
    }

    [Test]
    public async Task Lookup_CallersRightEndsWhileItsBodyIsRead_SaysWhy()
    {
        // Kestrel's own, of the rest of a body whose reading was cancelled; it quotes nothing.
        _server.Unexpected.Expect("RequestBodyDrainBodyReaderInvalidState");
        await using var connection = await ConnectAsync();
        await SendAsync(connection, $"{Head}Content-Length: 100000\r\n\r\n{{");
        _server.Keys.Registered.Clear();
        var reading = ReadAsync(connection);

        await Eventually.Async("the end of the call", () =>
        {
            _server.Clock.Advance(OpenCalls.CheckInterval);
            return reading.IsCompleted;
        });

        VerifyError(await reading, 403, "DEPARTMENT_UNKNOWN");
    }

    [Test]
    public async Task Lookup_CallerLeavesWhileItsBodyIsRead_IsNoError()
    {
        await using (var connection = await ConnectAsync())
            await SendAsync(connection, $"{Head}Content-Length: 100000\r\n\r\n{{");

        await Eventually.Async("the end of the call", () => _server.Unexpected.Text.Contains("Request finished", StringComparison.Ordinal));
    }

    private async Task<SslStream> ConnectAsync()
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(_server.Address.Host, _server.Address.Port);
        using var handler = MutualTlsClient.Handler(_tax, new ExpectedPeer(PeerRole.Hub));
        var options = handler.SslOptions;
        options.TargetHost = _server.Address.Host;
        options.ApplicationProtocols = [SslApplicationProtocol.Http11];
        var connection = new SslStream(new NetworkStream(socket, ownsSocket: true));
        await connection.AuthenticateAsClientAsync(options);
        return connection;
    }

    private static async Task SendAsync(SslStream connection, string text) => await connection.WriteAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>All that comes until the server closes the connection.</summary>
    private static async Task<string> ReadAsync(SslStream connection)
    {
        using var reader = new StreamReader(connection, Encoding.Latin1, leaveOpen: true);
        using var limit = new CancellationTokenSource(Eventually.DefaultTimeout);
        return await reader.ReadToEndAsync(limit.Token);
    }

    private static void VerifyError(string answer, int code, string reason)
    {
        Assert.That(answer, Does.StartWith($"HTTP/1.1 {code} "));
        Assert.That(Regex.Match(answer, "\"reason\": *\"([A-Z_]+)\"").Groups[1].Value, Is.EqualTo(reason), answer);
    }
}
