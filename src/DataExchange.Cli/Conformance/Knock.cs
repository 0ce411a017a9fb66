using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grpc.Core;
using Grpc.Net.Client;

namespace DataExchange.Cli.Conformance;

/// <summary>Comes to the adapter's port as somebody, and looks whether it opens. Believes any server: who that is, is another question.</summary>
internal sealed class Knock(VerifyConfig config, CancellationToken stop)
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <exception cref="IOException">Nothing listens there: nothing at all can be said of the adapter.</exception>
    public async Task ReachAsync()
    {
        try
        {
            using var _ = await ConnectAsync();
        }
        catch (Exception failure) when (failure is SocketException or OperationCanceledException && !stop.IsCancellationRequested)
        {
            throw new IOException($"Nothing answers at {config.Address.Authority}: start the adapter first.", failure);
        }
    }

    /// <param name="certificate">Null for none.</param>
    /// <returns>Whether Describe was answered; null where the caller was not refused either: only a failed handshake, or a status for callers, refuses.</returns>
    public async Task<bool?> IsAnsweredAsync(X509Certificate2? certificate)
    {
        var connected = false;
        using var handler = new SocketsHttpHandler
        {
            ConnectTimeout = Patience,
            UseProxy = false,
            SslOptions = Options(certificate, SslProtocols.Tls13),
            ConnectCallback = async (_, _) =>
            {
                var socket = await ConnectAsync();
                connected = true;
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var channel = GrpcChannel.ForAddress(config.Address, new GrpcChannelOptions { HttpHandler = handler, MaxRetryAttempts = null, ServiceConfig = null });
        try
        {
            await new Wire.AdapterService.AdapterServiceClient(channel).DescribeAsync(
                new Wire.DescribeRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Patience, cancellationToken: stop);
            return true;
        }
        catch (RpcException refusal) when (!stop.IsCancellationRequested)
        {
            return refusal.StatusCode is StatusCode.Unauthenticated or StatusCode.PermissionDenied || (connected && IsCutOff(refusal)) ? false : null;
        }
    }

    /// <returns>Null where it was not refused either.</returns>
    public async Task<bool?> IsTls12TakenAsync(X509Certificate2 certificate) =>
        await HandshakeAsync(certificate, SslProtocols.Tls12) is var (presented, failed) && presented is not null ? true : failed ? false : null;

    /// <summary>What the server presents, whoever it is; null where it presents none.</summary>
    public async Task<X509Certificate?> PresentedAsync(X509Certificate2 certificate) => (await HandshakeAsync(certificate, SslProtocols.Tls13)).Presented;

    /// <summary>Whether the connection ended under the call, in place of an answer: at its handshake or after. A reset of the one call is none.</summary>
    private static bool IsCutOff(RpcException refusal)
    {
        for (var cause = refusal.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            if (cause is AuthenticationException or IOException and not HttpProtocolException)
                return true;
        }

        return false;
    }

    private async Task<(X509Certificate? Presented, bool Failed)> HandshakeAsync(X509Certificate2 certificate, SslProtocols protocol)
    {
        try
        {
            using var socket = await ConnectAsync();
            using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
            late.CancelAfter(Patience);
            await using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false);
            await tls.AuthenticateAsClientAsync(Options(certificate, protocol), late.Token);
            return (tls.RemoteCertificate, false);
        }
        catch (Exception refused) when (refused is AuthenticationException or IOException or SocketException or OperationCanceledException && !stop.IsCancellationRequested)
        {
            return (null, refused is AuthenticationException or IOException);
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(Patience);
        return await ConnectAsync(new DnsEndPoint(config.Address.Host, config.Address.Port), late.Token);
    }

    /// <exception cref="SocketException">The host is not known, or nothing listens there.</exception>
    internal static async Task<Socket> ConnectAsync(DnsEndPoint address, CancellationToken cancellationToken)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancellationToken);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private SslClientAuthenticationOptions Options(X509Certificate2? certificate, SslProtocols protocol) => new()
    {
        TargetHost = config.Address.Host,
        EnabledSslProtocols = protocol,
        ApplicationProtocols = [SslApplicationProtocol.Http2],
        ClientCertificateContext = certificate is null ? null : SslStreamCertificateContext.Create(certificate, null, offline: true),
        RemoteCertificateValidationCallback = (_, presented, _, _) => presented is not null,
        AllowTlsResume = false,
    };
}
