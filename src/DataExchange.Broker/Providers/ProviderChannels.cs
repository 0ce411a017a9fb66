using System.Collections.Concurrent;
using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Net.Client;

namespace DataExchange.Broker.Providers;

/// <summary>
/// One channel to each provider's adapter, kept for as long as its address stands in the catalogue. The server must show the
/// department's own name, whatever host it answers from.
/// </summary>
internal sealed class ProviderChannels(TlsCredentials credentials, ILoggerFactory loggers) : IDisposable
{
    // A dead provider is found in a lookup's time, not in TCP's.
    private static readonly ClientLimits Limits = new() { ConnectTimeout = TimeSpan.FromSeconds(1), ReconnectBackoffMax = TimeSpan.FromSeconds(1) };

    private readonly ConcurrentDictionary<DepartmentId, (Uri Address, Lazy<GrpcChannel> Channel)> _channels = new();

    /// <summary>Null where the catalogue names no adapter address. The channel belongs to this object.</summary>
    public GrpcChannel? For(DepartmentModel provider)
    {
        if (provider.AdapterAddress is not { } address)
            return null;
        var current = _channels.GetOrAdd(provider.Id, Open, address);
        if (current.Address == address)
            return current.Channel.Value;

        // The catalogue moved the adapter: calls on the old channel end with it.
        var moved = Open(provider.Id, address);
        if (_channels.TryUpdate(provider.Id, moved, current))
            Close(current.Channel);
        return _channels[provider.Id].Channel.Value;
    }

    public void Dispose()
    {
        foreach (var (_, channel) in _channels.Values)
            Close(channel);
    }

    private (Uri Address, Lazy<GrpcChannel> Channel) Open(DepartmentId provider, Uri address) => (address, new(() =>
        MutualTlsClient.Connect(address, credentials, new ExpectedPeer(PeerRole.Department, provider.Value), Limits, loggers)));

    private static void Close(Lazy<GrpcChannel> channel)
    {
        if (channel.IsValueCreated)
            channel.Value.Dispose();
    }
}
