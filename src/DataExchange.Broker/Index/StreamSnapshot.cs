using DataExchange.Contracts;

namespace DataExchange.Broker.Index;

/// <summary>Sequences that must exist but have not arrived.</summary>
/// <param name="First">The first missing.</param>
/// <param name="Last">The last missing.</param>
/// <param name="SeenAt">When this process first missed one of them.</param>
internal readonly record struct SequenceGap(ulong First, ulong Last, DateTimeOffset SeenAt);

/// <summary>Why nothing of a department is applied.</summary>
/// <param name="Outcome"><see cref="ApplyOutcome.SequenceRewritten"/> or <see cref="ApplyOutcome.EpochUnknown"/>.</param>
/// <param name="Epoch">The epoch of the batch that caused it.</param>
/// <param name="Since">When.</param>
internal sealed record StreamQuarantine(ApplyOutcome Outcome, UInt128 Epoch, DateTimeOffset Since);

/// <summary>How far the index is with one department, at one moment; immutable.</summary>
internal sealed record StreamSnapshot
{
    public required DepartmentId Department { get; init; }

    /// <summary>The epoch in force.</summary>
    public required UInt128 Epoch { get; init; }

    /// <summary>Every sequence up to this one is applied durably.</summary>
    public required ulong Watermark { get; init; }

    /// <summary>The highest sequence known to exist, applied or not.</summary>
    public ulong Announced { get; init; }

    /// <summary>Missing sequences above the watermark, oldest first.</summary>
    public required IReadOnlyList<SequenceGap> Gaps { get; init; }

    public required StreamQuarantine? Quarantine { get; init; }

    /// <summary>
    /// The newest moment up to which the index had everything that the department had published; null before the first.
    /// Moves with batches and heartbeats, stands still while a sequence is missing or the department is in quarantine.
    /// </summary>
    public required DateTimeOffset? CurrentAsOf { get; init; }

    /// <summary>
    /// The department's first load is not applied to its end yet: what it has not stated is not known to be absent. Never again true in an
    /// epoch once it was false.
    /// </summary>
    public required bool Loading { get; init; }
}
