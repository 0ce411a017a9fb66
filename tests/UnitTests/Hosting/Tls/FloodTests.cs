using System.Buffers.Binary;
using System.Diagnostics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using DataExchange.Hosting;
using Grpc.Net.Client;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Tls;

/// <summary>A department that speaks HTTP/2 frame by frame to wear the server out: it is cut off or waits, and the others are served.</summary>
internal sealed class FloodTests
{
    private const int Frames = 20_000;
    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Reset = 3;
    private const byte Settings = 4;
    private const byte Ping = 6;
    private const byte Continuation = 9;
    private const byte EndHeaders = 4;
    private const int ConnectionsMax = 20;
    private static readonly TimeSpan HonestMax = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FloodMax = TimeSpan.FromSeconds(20);

    private TestAuthority _authority = null!;
    private TestServer _server = null!;
    private X509Certificate2 _certificate = null!;
    private TlsCredentials _honest = null!;
    private GrpcChannel _channel = null!;

    [SetUp]
    public async Task StartServer()
    {
        _authority = new TestAuthority();
        _server = await TestServer.StartAsync(_authority, $"--Listener:ConnectionsMax={ConnectionsMax}", "--Listener:HandshakeTimeout=00:00:01");
        _certificate = _authority.Issue([TestAuthority.Department("housing")], [TestAuthority.ClientUse]);
        _honest = _server.Client();
        _channel = _server.Connect(_honest);
        await AskAsync();
    }

    [TearDown]
    public async Task StopServer()
    {
        _channel.Dispose();
        _honest.Dispose();
        await _server.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
    }

    [Test]
    public async Task Flood_CallsBegunAndReset_IsCutOffAndOthersAreServed()
    {
        // The web server's own entry, one for each connection that it ends so.
        _server.Unexpected.Expect("Http2QueueOperationsExceeded");
        Assert.That(await FloodAsync(n => [.. Frame(Headers, EndHeaders, Stream(n), Call()), .. Frame(Reset, 0, Stream(n), [0, 0, 0, 8])]), Is.True);
    }

    [Test]
    public async Task Flood_HeadersWithoutEnd_IsCutOffAndOthersAreServed() =>
        Assert.That(await FloodAsync(n => n == 0 ? Frame(Headers, 0, 1, Call()) : Frame(Continuation, 0, 1, Literal($"x-{n}", new string('x', 100)))), Is.True);

    [Test]
    public async Task Flood_EmptyContinuations_OthersAreServed() =>
        await FloodAsync(n => n == 0 ? Frame(Headers, 0, 1, Call()) : Frame(Continuation, 0, 1, []));

    [Test]
    public async Task Flood_Pings_OthersAreServed() => await FloodAsync(n => Frame(Ping, 0, 0, BitConverter.GetBytes((long)n)));

    [Test]
    public async Task Flood_SettingsFrames_OthersAreServed() => await FloodAsync(_ => Frame(Settings, 0, 0, [0, 3, 0, 0, 0, 100]));

    [Test]
    public async Task Flood_EmptyDataFrames_OthersAreServed() =>
        await FloodAsync(n => n == 0 ? Frame(Headers, EndHeaders, 1, Call()) : Frame(Data, 0, 1, []));

    [Test]
    public async Task Body_OneByteASecond_IsCutOffAfterItsGrace()
    {
        using var tcp = new TcpClient();
        await using var tls = await SpeakAsync(tcp);
        // The body says 60 bytes will come.
        await tls.WriteAsync(Frame(Headers, EndHeaders, 1, Call()));
        await tls.WriteAsync(Frame(Data, 0, 1, [0, 0, 0, 0, 60]));
        var closed = ReadFrameAsync(tls, frame => frame.Type == Reset && frame.Stream == 1);
        using var second = new PeriodicTimer(TimeSpan.FromSeconds(1), TimeProvider.System);
        var sent = 0;
        while (!closed.IsCompleted && sent < 30)
        {
            await second.WaitForNextTickAsync();
            if (!closed.IsCompleted)
                await tls.WriteAsync(Frame(Data, 0, 1, [1]));
            sent++;
        }

        TestContext.Out.WriteLine($"cut off after {sent} bytes");
        Assert.That(sent, Is.LessThan(30));
        await AskAsync();
    }

    [Test]
    public async Task Connections_SilentAndMoreThanAllowed_AreClosedAndOthersAreServed()
    {
        var silent = new List<TcpClient>();
        try
        {
            for (var n = 0; n < ConnectionsMax * 5; n++)
            {
                silent.Add(new TcpClient());
                await silent[^1].ConnectAsync(_server.Address.Host, _server.Address.Port);
            }

            await AskAsync();
            foreach (var tcp in silent)
                Assert.That(await EndsAsync(tcp), "neither refused nor given up on");
            using var late = _server.Connect(_honest);
            await AskAsync(late);
        }
        finally
        {
            silent.ForEach(tcp => tcp.Dispose());
        }
    }

    /// <returns>Whether the server closed the connection before all of it was sent.</returns>
    private async Task<bool> FloodAsync(Func<int, byte[]> frame)
    {
        using var tcp = new TcpClient();
        await using var tls = await SpeakAsync(tcp);
        using var enough = new CancellationTokenSource(FloodMax);
        var flood = Task.Run(async () =>
        {
            try
            {
                // Nothing is read: what the server answers piles up on its side, if it lets it.
                for (var n = 0; n < Frames; n++)
                    await tls.WriteAsync(frame(n), enough.Token);
                return false;
            }
            catch (IOException)
            {
                return true;
            }
            catch (OperationCanceledException)
            {
                // It takes no more, which is as good.
                return false;
            }
        });
        var slowest = TimeSpan.Zero;
        do
        {
            var asked = Stopwatch.StartNew();
            await AskAsync();
            slowest = asked.Elapsed > slowest ? asked.Elapsed : slowest;
        }
        while (!flood.IsCompleted);
        TestContext.Out.WriteLine($"slowest of the others: {slowest.TotalMilliseconds:N0} ms");
        Assert.That(slowest, Is.LessThan(HonestMax));
        // A closed connection is seen by the next write, or by reading to the end of what came.
        return await flood || await EndsAsync(tls);
    }

    private Task AskAsync() => AskAsync(_channel);

    private static async Task AskAsync(GrpcChannel channel) =>
        Assert.That((await new Wire.LookupService.LookupServiceClient(channel).LookupAsync(new Wire.LookupRequest())).RequestId, Is.EqualTo("tax"));

    private async Task<SslStream> SpeakAsync(TcpClient tcp)
    {
        await tcp.ConnectAsync(_server.Address.Host, _server.Address.Port);
        var tls = new SslStream(tcp.GetStream());
        await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = [SslApplicationProtocol.Http2],
            LocalCertificateSelectionCallback = (_, _, _, _, _) => _certificate,
            RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null,
        });
        await tls.WriteAsync((byte[])[.. "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8, .. Frame(Settings, 0, 0, [])]);
        return tls;
    }

    private static Task<bool> EndsAsync(TcpClient tcp) => EndsAsync(tcp.GetStream());

    private static async Task<bool> EndsAsync(Stream stream)
    {
        try
        {
            await stream.CopyToAsync(System.IO.Stream.Null).WaitAsync(TimeSpan.FromSeconds(10));
            return true;
        }
        catch (IOException)
        {
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static async Task ReadFrameAsync(Stream stream, Func<(byte Type, int Stream), bool> wanted)
    {
        var head = new byte[9];
        (byte Type, int Stream) frame;
        do
        {
            await stream.ReadExactlyAsync(head);
            frame = (head[3], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)));
            await stream.ReadExactlyAsync(new byte[(head[0] << 16) | (head[1] << 8) | head[2]]);
        }
        while (!wanted(frame));
    }

    private static int Stream(int n) => (2 * n) + 1;

    private static byte[] Frame(byte type, byte flags, int stream, byte[] payload)
    {
        var frame = new byte[9 + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, payload.Length << 8);
        (frame[3], frame[4]) = (type, flags);
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, 9);
        return frame;
    }

    /// <summary>The header block of a lookup, by RFC 7541: POST, https, then literals.</summary>
    private static byte[] Call() =>
        [0x83, 0x87, .. Literal(":path", "/dataexchange.lookup.v1.LookupService/Lookup"), .. Literal(":authority", "hub"), .. Literal("content-type", "application/grpc"), .. Literal("te", "trailers")];

    private static byte[] Literal(string name, string value) =>
        [0, (byte)name.Length, .. Encoding.ASCII.GetBytes(name), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];
}
