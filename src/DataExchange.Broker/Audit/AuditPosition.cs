using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Broker.Audit;

/// <summary>Where an entry stands in the log, for the receipt.</summary>
/// <param name="LogId">32 lower-case hexadecimal digits, made once with the log.</param>
/// <param name="Index">From 0, without holes.</param>
/// <param name="LeafHash">SHA-256(0x00 || entry): the leaf hash of RFC 6962, so the entry's place in a Merkle tree as it stands.</param>
internal readonly record struct AuditPosition(string LogId, ulong Index, byte[] LeafHash)
{
    /// <summary>Without a salt, which only the receipt of a lookup has.</summary>
    public Wire.Receipt ToReceipt() => new() { LogId = LogId, EntryIndex = Index, EntryHash = UnsafeByteOperations.UnsafeWrap(LeafHash) };
}

/// <summary>The places of durable entries, in their order, or why there are none. Without a durable entry nothing may be answered.</summary>
internal readonly record struct AuditOutcome(AuditPosition[] Values, ExchangeError? Error);
