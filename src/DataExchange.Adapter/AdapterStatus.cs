namespace DataExchange.Adapter;

internal enum RelayStage
{
    /// <summary>The hub has not been asked yet.</summary>
    Starting,
    Publishing,

    /// <summary>Bus or hub failed; tried again after a pause.</summary>
    Retrying,

    /// <summary>The hub takes nothing from this department until its operator accepts an epoch.</summary>
    Quarantined,

    /// <summary>The hub knows more of this stream than the outbox does. Nothing is published.</summary>
    RolledBack,

    /// <summary>A stored batch is not what was stored. Nothing from there on is published.</summary>
    Damaged,
}

/// <summary>A batch that the hub refused for good, until its watermark passes it.</summary>
/// <param name="LastSequence">Below the first for a heartbeat.</param>
internal sealed record RejectedBatch(ulong FirstSequence, ulong LastSequence, string Reason, string Detail);

/// <summary>What is wrong now, for the health check. Each property has one writer; a reader may see two of them a moment apart.</summary>
internal sealed class AdapterStatus
{
    private readonly Lock _lock = new();
    private DateTimeOffset? _currentAsOf;
    private DateTimeOffset? _unconfirmedSince;
    private DateTimeOffset? _windowFullSince;

    public RelayStage Relay { get; set; } = RelayStage.Starting;

    /// <summary>Why the relay is not publishing; null while it is.</summary>
    public string? RelayProblem { get; set; }

    /// <summary>Why the hub's watermark is not known though the bus takes batches; null while it is.</summary>
    public string? HubProblem { get; set; }

    /// <summary>The hub has gone back behind what the outbox keeps; null while it has not.</summary>
    public string? TrimmedProblem { get; set; }

    /// <summary>Why the source is not being read; null while it is.</summary>
    public string? SourceProblem { get; set; }

    /// <summary>The problem is the source's data: it will not go away by waiting.</summary>
    public bool SourceRefused { get; set; }

    public bool OutboxFull { get; set; }

    /// <summary>As many batches as allowed are published ahead of the hub's watermark.</summary>
    public bool WindowFull => WindowFullSince is not null;

    /// <summary>Since when; null while there is room.</summary>
    public DateTimeOffset? WindowFullSince
    {
        get => Get(ref _windowFullSince);
        set => Set(ref _windowFullSince, value);
    }

    public RejectedBatch? Rejected { get; set; }

    /// <summary>At this moment everything the source had was stored; null before its first end.</summary>
    public DateTimeOffset? CurrentAsOf
    {
        get => Get(ref _currentAsOf);
        set => Set(ref _currentAsOf, value);
    }

    /// <summary>Since when the oldest published batch waits for its confirmation; null when none does.</summary>
    public DateTimeOffset? UnconfirmedSince
    {
        get => Get(ref _unconfirmedSince);
        set => Set(ref _unconfirmedSince, value);
    }

    public void BecomePublishing()
    {
        Relay = RelayStage.Publishing;
        RelayProblem = null;
    }

    private DateTimeOffset? Get(ref DateTimeOffset? field)
    {
        lock (_lock)
            return field;
    }

    private void Set(ref DateTimeOffset? field, DateTimeOffset? value)
    {
        lock (_lock)
            field = value;
    }
}
