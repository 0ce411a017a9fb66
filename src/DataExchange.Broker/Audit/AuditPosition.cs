using DataExchange.Contracts;

namespace DataExchange.Broker.Audit;

/// <summary>Where an entry stands in the log, for the receipt.</summary>
/// <param name="LogId">32 lower-case hexadecimal digits, made once with the log.</param>
/// <param name="Index">From 0, without holes.</param>
/// <param name="LeafHash">SHA-256(0x00 || entry): the leaf hash of RFC 6962, so the entry's place in a Merkle tree as it stands.</param>
internal readonly record struct AuditPosition(string LogId, ulong Index, byte[] LeafHash);

/// <summary>Either the place of a durable entry, or why there is none. Without a durable entry nothing may be answered.</summary>
internal readonly record struct AuditOutcome(AuditPosition Value, ExchangeError? Error);

/// <summary>As <see cref="AuditOutcome"/> for entries appended together: all of them, in their order, or none.</summary>
internal readonly record struct AuditOutcomes(IReadOnlyList<AuditPosition> Values, ExchangeError? Error);
