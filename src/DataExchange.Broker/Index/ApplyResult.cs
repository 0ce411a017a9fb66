using DataExchange.Contracts;

namespace DataExchange.Broker.Index;

internal enum ApplyOutcome : byte
{
    /// <summary>Durable now. A heartbeat is answered so too.</summary>
    Applied,

    /// <summary>The very same batch had been applied; no effect.</summary>
    Duplicate,

    /// <summary>Sequences that are applied came again in other batches or with other content: the department is quarantined from now on.</summary>
    SequenceRewritten,

    /// <summary>An epoch that nobody accepted: the department is quarantined from now on. Or one given up before, come late: no effect.</summary>
    EpochUnknown,

    /// <summary>The department was in quarantine already; no effect.</summary>
    Quarantined,

    /// <summary>Too much of the stream is missing below this batch; no effect. Sent again once the gaps are filled, it will be applied.</summary>
    TooManyGaps,

    /// <summary>The index cannot be written, and will not be before the process starts anew. Nothing is known of this batch's effect.</summary>
    Unavailable,
}

/// <param name="Outcome">What became of the batch.</param>
/// <param name="Watermark">Every sequence of the department's current stream up to this one is applied durably.</param>
internal readonly record struct ApplyResult(ApplyOutcome Outcome, ulong Watermark)
{
    /// <summary>Why the batch is not in the index; null if it is.</summary>
    public ErrorReason? Reason => Outcome switch
    {
        ApplyOutcome.Applied or ApplyOutcome.Duplicate => null,
        ApplyOutcome.SequenceRewritten => ErrorReasons.SequenceRewritten,
        ApplyOutcome.EpochUnknown => ErrorReasons.EpochUnknown,
        ApplyOutcome.Quarantined => ErrorReasons.ProviderQuarantined,
        ApplyOutcome.TooManyGaps => ErrorReasons.TooManyGaps,
        _ => ErrorReasons.IndexUnavailable,
    };
}
