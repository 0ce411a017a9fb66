using DataExchange.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace DataExchange.Adapter;

/// <summary>The one channel to the hub, known by its name.</summary>
internal sealed class HubConnection : IDisposable
{
    private readonly RenewedChannel _channel;

    public HubConnection(IOptions<DepartmentAdapterOptions> options, TlsCredentials credentials, ILoggerFactory loggers)
    {
        _channel = new RenewedChannel(credentials, () => MutualTlsClient.Connect(
            options.Value.HubAddress!, credentials, new ExpectedPeer(PeerRole.Hub, options.Value.HubName), loggers: loggers));
        Ingress = new Wire.ChangeIngressService.ChangeIngressServiceClient(_channel);
    }

    public Wire.ChangeIngressService.ChangeIngressServiceClient Ingress { get; }

    public void Dispose() => _channel.Dispose();
}
