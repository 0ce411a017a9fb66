using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Contracts;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace DataExchange.Hosting;

/// <summary>The server that a client insists on, by SPIFFE name and, where it is pinned, by key. The host name is not looked at.</summary>
/// <param name="Role">Department for an adapter, Hub for a hub.</param>
/// <param name="Name">null takes any name of the role.</param>
/// <param name="KeyId">null takes any key that the exchange's root vouches for.</param>
public sealed record ExpectedPeer(PeerRole Role, string? Name = null, string? KeyId = null)
{
    /// <summary>Says, at every handshake, whether the server's key is registered now; null takes any.</summary>
    public IKeyDirectory? Keys { get; init; }

    internal bool Accepts(PeerIdentity peer) =>
        peer.Role == Role && (Name is null || Name == peer.Name) && (KeyId is null || KeyId == peer.KeyId) && Keys?.Check(peer) is null;
}

/// <summary>Limits of one client connection pool.</summary>
public sealed record ClientLimits
{
    /// <summary>Default 5 s.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Silence after which the server is pinged, with or without calls open. Default 20 s.</summary>
    public TimeSpan PingDelay { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Default 10 s.</summary>
    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest pause between two attempts to connect. Default 5 s.</summary>
    public TimeSpan ReconnectBackoffMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Largest message taken, in bytes. Default 4 MiB, what <see cref="GrpcLimits.SendBytesMax"/> lets a server send.</summary>
    public int ReceiveBytesMax { get; init; } = 4 * 1024 * 1024;

    /// <summary>Largest message sent, in bytes. Default: the largest batch of the contract and 64 KiB for what surrounds it.</summary>
    public int SendBytesMax { get; init; } = WireLimits.BatchBytesMax + 65_536;

    /// <summary>Where the address may lead; null for anywhere, where it is the operator's own.</summary>
    public ReachableNetworks? Networks { get; init; }
}

/// <summary>The calling side of mutual TLS.</summary>
public static partial class MutualTlsClient
{
    /// <summary>
    /// A channel to an https address that connects on its first call. The caller disposes of it; <paramref name="credentials"/> must outlive it.
    /// A call that is cancelled or passes its deadline throws <see cref="OperationCanceledException"/>, as time-outs around it expect.
    /// </summary>
    public static GrpcChannel Connect(Uri address, TlsCredentials credentials, ExpectedPeer server, ClientLimits? limits = null, ILoggerFactory? loggers = null)
    {
        limits ??= new ClientLimits();
        return GrpcChannel.ForAddress(address, new GrpcChannelOptions
        {
            HttpHandler = Handler(credentials, server, limits, loggers),
            DisposeHttpClient = true,
            LoggerFactory = loggers,
            MaxReceiveMessageSize = limits.ReceiveBytesMax,
            MaxSendMessageSize = limits.SendBytesMax,
            MaxReconnectBackoff = limits.ReconnectBackoffMax,
            InitialReconnectBackoff = TimeSpan.FromMilliseconds(100),
            ThrowOperationCanceledOnCancellation = true,
            // Retries are the caller's decision; the channel must not repeat calls by itself.
            MaxRetryAttempts = null,
            ServiceConfig = null,
        });
    }

    /// <summary>For callers that need the handler itself, as a bare HTTP/2 client or a channel of their own.</summary>
    public static SocketsHttpHandler Handler(TlsCredentials credentials, ExpectedPeer server, ClientLimits? limits = null, ILoggerFactory? loggers = null)
    {
        ArgumentNullException.ThrowIfNull(credentials);
        ArgumentNullException.ThrowIfNull(server);
        limits ??= new ClientLimits();
        var logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger(typeof(MutualTlsClient));
        var verifier = PeerVerifier.OfServers(credentials, TimeProvider.System);
        return new SocketsHttpHandler
        {
            ConnectTimeout = limits.ConnectTimeout,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            EnableMultipleHttp2Connections = true,
            KeepAlivePingDelay = limits.PingDelay,
            KeepAlivePingTimeout = limits.PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectCallback = limits.Networks is null ? null : (context, cancellationToken) => ConnectAsync(limits.Networks, server, logger, context.DnsEndPoint, cancellationToken),
            SslOptions = new SslClientAuthenticationOptions
            {
                EnabledSslProtocols = SslProtocols.Tls13,
                ClientCertificateContext = credentials.Context,
                CertificateChainPolicy = verifier.ChainPolicy(),
                AllowTlsResume = false,
                RemoteCertificateValidationCallback = (_, certificate, chain, errors) =>
                    Accept(verifier, server, logger, certificate, chain, errors),
            },
        };
    }

    private static async ValueTask<Stream> ConnectAsync(
        ReachableNetworks networks, ExpectedPeer server, ILogger logger, DnsEndPoint host, CancellationToken cancellationToken)
    {
        if (await networks.ConnectAsync(host, cancellationToken) is { } connection)
            return connection;
        Log.AddressRefused(logger, server.Role, server.Name ?? "");
        throw new SocketException((int)SocketError.NetworkUnreachable);
    }

    private static bool Accept(PeerVerifier verifier, ExpectedPeer server, ILogger logger, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        var refusal = verifier.Check(certificate, chain, errors, out var peer);
        if (refusal is null && !server.Accepts(peer!))
            refusal = CertificateRefusal.NotThePeerExpected;
        if (refusal is { } reason)
            Log.ServerRefused(logger, reason, server.Role, server.Name ?? "");
        return refusal is null;
    }

    private static partial class Log
    {
        [LoggerMessage(101, LogLevel.Warning, "Server certificate refused: {Reason}; expected {Role} {Name}", EventName = "ServerRefused")]
        public static partial void ServerRefused(ILogger logger, CertificateRefusal reason, PeerRole role, string name);

        [LoggerMessage(109, LogLevel.Warning, "Not connected to {Role} {Name}: its address leads to no network that it may", EventName = "AddressRefused")]
        public static partial void AddressRefused(ILogger logger, PeerRole role, string name);
    }
}
