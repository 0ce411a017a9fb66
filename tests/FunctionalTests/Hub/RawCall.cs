using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using DataExchange.Hosting;
using Google.Rpc;
using Grpc.Core;

namespace DataExchange.FunctionalTests.Hub;

/// <summary>What a server answered to bytes that no gRPC client would send.</summary>
/// <param name="Code">null: no gRPC status came.</param>
/// <param name="Reason">Of the error table; empty where the answer names none.</param>
/// <param name="Text">Everything that came, for searching.</param>
internal sealed record RawAnswer(StatusCode? Code, string Reason, string Text, int MessageBytes);

/// <summary>Calls a method by name with a body of raw bytes, over HTTP/2 and mutual TLS or what is left of it.</summary>
internal sealed class RawCall : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly TlsCredentials _credentials;
    private readonly HttpClient _client;

    /// <param name="server">The server's role; its certificate has to be right whatever the caller's is.</param>
    /// <param name="withCertificate">Whether the caller shows <paramref name="identity"/>.</param>
    public RawCall(Uri address, TlsOptions identity, PeerRole server, bool withCertificate = true)
    {
        _credentials = TlsCredentials.Load(identity);
        var handler = MutualTlsClient.Handler(_credentials, new ExpectedPeer(server));
        if (!withCertificate)
            handler.SslOptions.ClientCertificateContext = null;
        _client = new HttpClient(handler) { BaseAddress = address, Timeout = Limit };
    }

    /// <summary>A message as gRPC frames it: compressed flag, length, bytes.</summary>
    public static byte[] Frame(ReadOnlySpan<byte> message, bool compressed = false)
    {
        var frame = new byte[5 + message.Length];
        frame[0] = compressed ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(1), message.Length);
        message.CopyTo(frame.AsSpan(5));
        return frame;
    }

    /// <param name="method">As <c>/dataexchange.lookup.v1.LookupService/Lookup</c>.</param>
    /// <exception cref="HttpRequestException">There was no answer: the connection was refused.</exception>
    public async Task<RawAnswer> SendAsync(string method, byte[] body, string? encoding = null, Version? version = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, method)
        {
            Version = version ?? HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        if (encoding is not null)
            request.Headers.Add("grpc-encoding", encoding);
        using var limit = new CancellationTokenSource(Limit);
        using var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        var messages = await response.Content.ReadAsByteArrayAsync(limit.Token);
        var headers = response.Headers.Concat(response.TrailingHeaders).ToLookup(h => h.Key, h => string.Join(',', h.Value), StringComparer.OrdinalIgnoreCase);
        StatusCode? code = headers["grpc-status"].FirstOrDefault() is { } status ? (StatusCode)int.Parse(status, CultureInfo.InvariantCulture) : null;
        var details = Details(headers["grpc-status-details-bin"].FirstOrDefault());
        var text = string.Join('\n', headers.SelectMany(values => values)) + details + Convert.ToHexString(messages);
        return new RawAnswer(code, details?.GetDetail<ErrorInfo>()?.Reason ?? "", text, messages.Length);
    }

    public void Dispose()
    {
        _client.Dispose();
        _credentials.Dispose();
    }

    private static Google.Rpc.Status? Details(string? base64) =>
        base64 is null ? null : Google.Rpc.Status.Parser.ParseFrom(Convert.FromBase64String(base64.PadRight((base64.Length + 3) / 4 * 4, '=')));
}
