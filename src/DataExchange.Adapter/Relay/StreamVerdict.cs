namespace DataExchange.Adapter;

/// <summary>How the hub's idea of this department's stream stands to the outbox.</summary>
internal enum StreamVerdict
{
    Consistent,

    /// <summary>The hub takes nothing until its operator accepts an epoch.</summary>
    Quarantined,

    /// <summary>The hub has more than the outbox, or has left its epoch: the outbox was set back in time, or replaced.</summary>
    RolledBack,
}

internal static class StreamVerdicts
{
    public static StreamVerdict Compare(Wire.GetStreamStateResponse hub, Outbox outbox)
    {
        var sameEpoch = hub.StreamEpoch == outbox.Epoch;
        if (sameEpoch && hub.Watermark > outbox.OfferedSequence)
            return StreamVerdict.RolledBack;
        if (hub.Quarantined)
            return StreamVerdict.Quarantined;
        // Another epoch is no contradiction while the hub has never named this one: it learns of a new outbox by its first batch.
        return sameEpoch || hub.StreamEpoch.IsEmpty || outbox.HubWatermark == 0 ? StreamVerdict.Consistent : StreamVerdict.RolledBack;
    }

    /// <summary>The hub's watermark in the outbox's epoch.</summary>
    public static ulong WatermarkIn(this Wire.GetStreamStateResponse hub, Outbox outbox) => hub.StreamEpoch == outbox.Epoch ? hub.Watermark : 0;
}
