using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;

namespace DataExchange.Broker.Index;

/// <summary>What the index has about one subject and attribute, from one provider: the value itself or the way to it.</summary>
/// <param name="Attribute">The attribute.</param>
/// <param name="Provider">The department that published it.</param>
/// <param name="Sequence">Its sequence in the provider's current stream; also its revision.</param>
/// <param name="AsOf">Since when it holds at the source.</param>
/// <param name="Content">The serialized <see cref="Wire.Value"/> if <paramref name="Held"/>, else the provider's locator.</param>
/// <param name="Held">The value is here; else it is fetched from the provider.</param>
/// <param name="Broken">The value is here but cannot be unsealed: it, its place or its key is not what it was. There is no content.</param>
internal readonly record struct Fact(
    AttributeId Attribute, DepartmentId Provider, ulong Sequence, DateTimeOffset AsOf, ReadOnlyMemory<byte> Content, bool Held, bool Broken = false);

internal enum ClusterOutcome : byte
{
    /// <summary>All that is known; a subject never heard of has no facts.</summary>
    Read,

    /// <summary>More identifiers are linked than the hub follows. Never cut: some facts could be another person's, or the wanted ones missing.</summary>
    TooLarge,

    /// <summary>The index cannot be read: the store failed, or a record is damaged.</summary>
    Unavailable,
}

/// <param name="Outcome">Whether the cluster could be read.</param>
/// <param name="Identifiers">Identifiers followed, the first one included.</param>
/// <param name="Facts">In the order of the asked attributes, the newest of each first; empty unless read.</param>
/// <param name="Pseudonym">Of the identifier asked for; none if the index does not know it, and unless read.</param>
internal readonly record struct ClusterResult(ClusterOutcome Outcome, int Identifiers, Fact[] Facts, Pseudonym Pseudonym = default)
{
    /// <summary>Why there is nothing to answer from; null if there is.</summary>
    public ErrorReason? Reason => Outcome switch
    {
        ClusterOutcome.Read => null,
        ClusterOutcome.TooLarge => ErrorReasons.ClusterTooLarge,
        _ => ErrorReasons.IndexUnavailable,
    };
}
