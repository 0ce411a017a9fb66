using System.Collections.Frozen;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Microsoft.Extensions.Options;

namespace DataExchange.Adapter;

/// <summary>Lets the hub in, by name and pinned key, and nobody else.</summary>
internal sealed class HubKeyPin(IOptions<DepartmentAdapterOptions> options) : IKeyDirectory
{
    private readonly string _name = options.Value.HubName;
    private readonly FrozenSet<string> _keys = options.Value.HubKeyIds.ToFrozenSet(StringComparer.Ordinal);

    public ExchangeError? Check(PeerIdentity peer) =>
        peer.Role == PeerRole.Hub && peer.Name == _name && _keys.Contains(peer.KeyId) ? null : ExchangeError.Of(ErrorReasons.HubOnly);
}
