using DataExchange.Contracts;

namespace DataExchange.Hosting;

/// <summary>
/// Who may call, as of now. Asked on every call and on every message of a stream, and twice a second about what is open, so that a revoked
/// key is cut off on open connections too.
/// Implementations MUST answer from memory, MUST be thread safe, and MUST NOT throw.
/// </summary>
public interface IKeyDirectory
{
    /// <returns>null when the peer's key is registered for its name now, otherwise why not.</returns>
    ExchangeError? Check(PeerIdentity peer);
}
