using System.Net.Sockets;
using DataExchange.Hosting;
using Grpc.Net.Client;

namespace DataExchange.Cli.Conformance;

/// <summary>One connection to the adapter, kept open: as long as calls need no other one, the adapter was not ended.</summary>
internal sealed class HeldConnection : IDisposable
{
    private int _connections;

    public HeldConnection(VerifyConfig config, TlsCredentials hub, Verdicts verdicts)
    {
        // The keys were looked at before; here it counts only whether it is the same connection.
        var handler = MutualTlsClient.Handler(hub, new ExpectedPeer(PeerRole.Department, config.Department.Value));
        handler.EnableMultipleHttp2Connections = false;
        handler.ConnectCallback = async (context, token) =>
        {
            var socket = await Knock.ConnectAsync(context.DnsEndPoint, token);
            Interlocked.Increment(ref _connections);
            return new NetworkStream(socket, ownsSocket: true);
        };
        var channel = GrpcChannel.ForAddress(config.Address, new GrpcChannelOptions
        {
            HttpHandler = handler, DisposeHttpClient = true, ThrowOperationCanceledOnCancellation = true, MaxRetryAttempts = null, ServiceConfig = null,
        });
        Calls = new AdapterCalls(channel, verdicts, config.Limits.Answer);
    }

    public AdapterCalls Calls { get; }

    public bool HasBroken => Volatile.Read(ref _connections) > 1;

    public void Dispose() => Calls.Dispose();
}
