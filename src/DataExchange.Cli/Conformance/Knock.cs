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
    /// <returns>Whether Describe was answered; null where it was not refused either.</returns>
    public async Task<bool?> IsAnsweredAsync(X509Certificate2? certificate)
    {
        using var handler = new SocketsHttpHandler { ConnectTimeout = Patience, UseProxy = false, SslOptions = Options(certificate, SslProtocols.Tls13) };
        using var channel = GrpcChannel.ForAddress(config.Address, new GrpcChannelOptions { HttpHandler = handler, MaxRetryAttempts = null, ServiceConfig = null });
        try
        {
            await new Wire.AdapterService.AdapterServiceClient(channel).DescribeAsync(
                new Wire.DescribeRequest(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime + Patience, cancellationToken: stop);
            return true;
        }
        catch (RpcException refusal) when (!stop.IsCancellationRequested)
        {
            return refusal.StatusCode == StatusCode.DeadlineExceeded ? null : false;
        }
    }

    public async Task<bool> IsTls12TakenAsync(X509Certificate2 certificate) => await HandshakeAsync(certificate, SslProtocols.Tls12) is not null;

    /// <summary>What the server presents, whoever it is; null where it presents none.</summary>
    public Task<X509Certificate?> PresentedAsync(X509Certificate2 certificate) => HandshakeAsync(certificate, SslProtocols.Tls13);

    private async Task<X509Certificate?> HandshakeAsync(X509Certificate2 certificate, SslProtocols protocol)
    {
        try
        {
            using var socket = await ConnectAsync();
            using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
            late.CancelAfter(Patience);
            await using var tls = new SslStream(new NetworkStream(socket), leaveInnerStreamOpen: false);
            await tls.AuthenticateAsClientAsync(Options(certificate, protocol), late.Token);
            return tls.RemoteCertificate;
        }
        catch (Exception refused) when (refused is AuthenticationException or IOException or SocketException or OperationCanceledException && !stop.IsCancellationRequested)
        {
            return null;
        }
    }

    private async Task<Socket> ConnectAsync()
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(Patience);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(config.Address.Host, config.Address.Port, late.Token);
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
