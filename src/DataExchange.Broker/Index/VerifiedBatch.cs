using DataExchange.Contracts;

namespace DataExchange.Broker.Index;

internal enum ChangeKind : byte
{
    Set,
    Withdraw,
    Link,
    Unlink,
}

/// <summary>
/// One change as the index takes it: checked, and with keys instead of identifiers. Its sequence is its batch's first plus its position.
/// </summary>
internal readonly record struct VerifiedChange
{
    public ChangeKind Kind { get; private init; }

    public SubjectKey Subject { get; private init; }

    /// <summary>The second identifier of a link or unlink; a link of a key with itself says nothing and is passed over.</summary>
    public SubjectKey Other { get; private init; }

    /// <summary>Of a set or withdrawal.</summary>
    public AttributeId Attribute { get; private init; }

    public DateTimeOffset AsOf { get; private init; }

    /// <summary>Of a set: the serialized <see cref="Wire.Value"/> if <see cref="Held"/>, else the provider's locator.</summary>
    public ReadOnlyMemory<byte> Content { get; private init; }

    public bool Held { get; private init; }

    public static VerifiedChange Set(SubjectKey subject, AttributeId attribute, DateTimeOffset asOf, ReadOnlyMemory<byte> content, bool held) =>
        new() { Kind = ChangeKind.Set, Subject = subject, Attribute = attribute, AsOf = asOf, Content = content, Held = held };

    public static VerifiedChange Withdraw(SubjectKey subject, AttributeId attribute, DateTimeOffset asOf) =>
        new() { Kind = ChangeKind.Withdraw, Subject = subject, Attribute = attribute, AsOf = asOf };

    public static VerifiedChange Link(SubjectKey left, SubjectKey right, DateTimeOffset asOf) =>
        new() { Kind = ChangeKind.Link, Subject = left, Other = right, AsOf = asOf };

    public static VerifiedChange Unlink(SubjectKey left, SubjectKey right, DateTimeOffset asOf) =>
        new() { Kind = ChangeKind.Unlink, Subject = left, Other = right, AsOf = asOf };
}

/// <summary>
/// A batch whose signature, department, ownership, types and limits have been checked. The index trusts all of it but the sequence.
/// The changes and their contents MUST stay as they are until the index has answered.
/// </summary>
internal sealed record VerifiedBatch
{
    public required DepartmentId Department { get; init; }

    /// <summary>The 16 bytes of <c>stream_epoch</c>, big endian.</summary>
    public required UInt128 Epoch { get; init; }

    /// <summary>The epoch that the catalogue names for this department, if it names one.</summary>
    public UInt128? AcceptedEpoch { get; init; }

    /// <summary>From 1, the last one below 2^63. Of a heartbeat: the sequence that the next change will have.</summary>
    public required ulong FirstSequence { get; init; }

    /// <summary>First 16 bytes of the payload's SHA-256, big endian: tells the same batch again from another in its place.</summary>
    public required UInt128 PayloadDigest { get; init; }

    /// <summary>By the department's clock; the future counts as now.</summary>
    public required DateTimeOffset PackedAt { get; init; }

    /// <summary>The department's first load is not complete with it.</summary>
    public bool Loading { get; init; }

    /// <summary>None in a heartbeat.</summary>
    public required ReadOnlyMemory<VerifiedChange> Changes { get; init; }

    public bool IsHeartbeat => Changes.IsEmpty;

    /// <summary>Of a heartbeat: the last sequence published before it.</summary>
    public ulong LastSequence => FirstSequence - 1 + (ulong)Changes.Length;
}
