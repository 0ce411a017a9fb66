namespace DataExchange.Adapter;

/// <summary>How the hub's idea of this department's stream stands to the outbox.</summary>
internal enum StreamVerdict
{
    Consistent,

    /// <summary>The hub takes nothing until its operator accepts an epoch. So it is for a new outbox where the hub knows another.</summary>
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
        if (sameEpoch || hub.StreamEpoch.IsEmpty)
            return StreamVerdict.Consistent;
        return outbox.HubWatermark == 0 ? StreamVerdict.Quarantined : StreamVerdict.RolledBack;
    }

    /// <summary>The hub has applied the end of the first load of the outbox's epoch.</summary>
    public static bool LoadedIn(this Wire.GetStreamStateResponse hub, Outbox outbox) => hub.StreamEpoch == outbox.Epoch && !hub.Loading;

    /// <summary>The hub's watermark in the outbox's epoch.</summary>
    public static ulong WatermarkIn(this Wire.GetStreamStateResponse hub, Outbox outbox) => hub.StreamEpoch == outbox.Epoch ? hub.Watermark : 0;
}
