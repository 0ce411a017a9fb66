using System.Collections.Concurrent;
using System.Net;
using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Net.Client;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Providers;

/// <summary>
/// One channel to each provider's adapter, kept for as long as its address and keys stand in the catalogue. The server must show the
/// department's own name and a key registered for it, whatever host it answers from, and be in a network where adapters may be.
/// </summary>
internal sealed class ProviderChannels(TlsCredentials credentials, IKeyDirectory keys, IOptions<ProviderOptions> options, ILoggerFactory loggers) : IDisposable
{
    private readonly ClientLimits _limits = new()
    {
        // A dead provider is found in a lookup's time, not in TCP's.
        ConnectTimeout = TimeSpan.FromSeconds(1),
        ReconnectBackoffMax = TimeSpan.FromSeconds(1),
        Networks = new ReachableNetworks([.. options.Value.Networks.Select(IPNetwork.Parse)]),
    };

    private readonly ConcurrentDictionary<DepartmentId, Opened> _channels = new();

    /// <summary>Null where the catalogue names no adapter address. The channel belongs to this object.</summary>
    /// <param name="provider">Of the catalogue in force.</param>
    public GrpcChannel? For(DepartmentModel provider)
    {
        if (provider.AdapterAddress is not { } address)
            return null;
        var current = _channels.GetOrAdd(provider.Id, static (_, args) => args.Self.Open(args.provider, args.address), (Self: this, provider, address));
        if (ReferenceEquals(current.Provider, provider))
            return current.Channel.Current;

        // A new catalogue: calls on a channel to where the adapter no longer is, or that a revoked key may have opened, end with it.
        var next = current.StillServes(provider) ? current with { Provider = provider } : Open(provider, address);
        if (_channels.TryUpdate(provider.Id, next, current) && next.Channel != current.Channel)
            current.Channel.Dispose();
        return _channels[provider.Id].Channel.Current;
    }

    public void Dispose()
    {
        foreach (var opened in _channels.Values)
            opened.Channel.Dispose();
    }

    private Opened Open(DepartmentModel provider, Uri address) => new(provider, new RenewedChannel(credentials, () => MutualTlsClient.Connect(
        address, credentials, new ExpectedPeer(PeerRole.Department, provider.Id.Value) { Keys = keys }, _limits, loggers)));

    private sealed record Opened(DepartmentModel Provider, RenewedChannel Channel)
    {
        public bool StillServes(DepartmentModel provider) =>
            provider.AdapterAddress == Provider.AdapterAddress
            && Provider.Keys.Values.All(key => provider.Keys.TryGetValue(key.Id, out var kept) && kept.Uses == key.Uses);
    }
}
