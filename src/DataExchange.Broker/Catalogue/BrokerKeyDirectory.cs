using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Broker.Catalogue;

/// <summary>The hub's callers are departments with a key registered for TLS, by the catalogue in force. Another hub is none of them.</summary>
internal sealed class BrokerKeyDirectory(CatalogueState state) : IKeyDirectory
{
    private static readonly ExchangeError NoCatalogue = ExchangeError.Of(ErrorReasons.CatalogueUnavailable);
    private static readonly ExchangeError Unknown = ExchangeError.Of(ErrorReasons.DepartmentUnknown);
    private static readonly ExchangeError NotRegistered = ExchangeError.Of(ErrorReasons.KeyNotRegistered);

    public ExchangeError? Check(PeerIdentity peer)
    {
        if (state.Current is not { } catalogue)
            return NoCatalogue;
        if (peer.Role != PeerRole.Department
            || !DepartmentId.TryParse(peer.Name, out var id)
            || !catalogue.Departments.TryGetValue(id, out var department)
            || department.Suspended)
            return Unknown;
        return department.Keys.TryGetValue(peer.KeyId, out var key) && key.Uses.HasFlag(KeyUses.Tls) ? null : NotRegistered;
    }
}
