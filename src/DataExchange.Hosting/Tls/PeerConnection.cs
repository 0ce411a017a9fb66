using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace DataExchange.Hosting;

/// <summary>Connection feature: the peer of a completed handshake. Read once a handshake, so that a call costs one look-up.</summary>
/// <param name="Peer">From the certificate.</param>
/// <param name="ValidUntil">The certificate's end: a connection can outlive it.</param>
internal sealed record PeerConnection(PeerIdentity Peer, DateTimeOffset ValidUntil);

/// <summary>Server side of the handshake: TLS 1.3, a protocol of the listener's, a client certificate of this exchange, or a logged refusal.</summary>
internal sealed partial class PeerHandshake(TlsCredentials credentials, TimeProvider clock, ILogger<PeerHandshake> logger)
{
    private static readonly Counter<long> Refused =
        ExchangeDiagnostics.Meter.CreateCounter<long>("dataexchange.tls.refused", "{handshake}", "Handshakes refused, by reason.");

    private readonly PeerVerifier _verifier = PeerVerifier.OfClients(credentials, clock);

    /// <summary>The context's state is the listener's protocols, best first.</summary>
    public ValueTask<SslServerAuthenticationOptions> OnConnection(TlsHandshakeCallbackContext context)
    {
        var connection = context.Connection;
        connection.Features.Set(HelloRead.Instance);
        return ValueTask.FromResult(new SslServerAuthenticationOptions
        {
            ServerCertificateContext = credentials.Context,
            EnabledSslProtocols = SslProtocols.Tls13,
            ApplicationProtocols = (List<SslApplicationProtocol>)context.State!,
            ClientCertificateRequired = true,
            CertificateChainPolicy = _verifier.ChainPolicy(),
            // Every connection proves its key: a resumed session would vouch for a certificate seen earlier.
            AllowTlsResume = false,
            RemoteCertificateValidationCallback = (_, certificate, chain, errors) => Accept(connection, certificate, chain, errors),
        });
    }

    /// <summary>
    /// Around TLS. Bytes that look like TLS but hold no client hello make it miss the certificate that it has not asked for yet, which
    /// Kestrel logs as an error: whoever reaches the port could fill the error log. From the hello on, what fails may be a fault of ours.
    /// </summary>
    public ConnectionDelegate RequireHello(ConnectionDelegate next) => async connection =>
    {
        try
        {
            await next(connection);
        }
        catch (NotSupportedException) when (connection.Features.Get<HelloRead>() is null)
        {
            Refused.Add(1, new KeyValuePair<string, object?>("reason", "NotTls"));
            Log.NotTls(logger, connection.RemoteEndPoint?.ToString() ?? "");
        }
    };

    /// <summary>
    /// A client that offers no protocol at all passes the handshake, and Kestrel logs an error for it: whoever has a certificate could fill
    /// the error log. It is shown the door before Kestrel sees it.
    /// </summary>
    public ConnectionDelegate RequireHttp2(ConnectionDelegate next) => connection =>
    {
        var spoken = connection.Features.Get<ITlsApplicationProtocolFeature>()?.ApplicationProtocol ?? default;
        if (spoken.Span.SequenceEqual(SslApplicationProtocol.Http2.Protocol.Span))
            return next(connection);
        Refused.Add(1, new KeyValuePair<string, object?>("reason", "NotHttp2"));
        Log.NotHttp2(logger, connection.RemoteEndPoint?.ToString() ?? "");
        return Task.CompletedTask;
    };

    private bool Accept(ConnectionContext connection, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (_verifier.Check(certificate, chain, errors, out var peer) is { } refusal)
        {
            Refused.Add(1, new KeyValuePair<string, object?>("reason", refusal.ToString()));
            Log.HandshakeRefused(logger, refusal, connection.RemoteEndPoint?.ToString() ?? "");
            return false;
        }
        connection.Features.Set(new PeerConnection(peer!, ((X509Certificate2)certificate!).NotAfter.ToUniversalTime()));
        return true;
    }

    private sealed class HelloRead
    {
        public static HelloRead Instance { get; } = new();
    }

    private static partial class Log
    {
        [LoggerMessage(100, LogLevel.Warning, "TLS handshake refused: {Reason} from {Remote}", EventName = "HandshakeRefused")]
        public static partial void HandshakeRefused(ILogger logger, CertificateRefusal reason, string remote);

        [LoggerMessage(102, LogLevel.Information, "Connection refused: HTTP/2 was not negotiated, from {Remote}", EventName = "ConnectionNotHttp2")]
        public static partial void NotHttp2(ILogger logger, string remote);

        [LoggerMessage(103, LogLevel.Information, "Connection refused: no TLS client hello, from {Remote}", EventName = "ConnectionNotTls")]
        public static partial void NotTls(ILogger logger, string remote);
    }
}
