namespace DataExchange.Adapter;

/// <summary>How far an adapter is. Thread safe; every figure only grows while the process lives.</summary>
public sealed class AdapterProgress
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AdapterFigures _figures;

    /// <summary>One consistent reading of all figures.</summary>
    public AdapterFigures Figures
    {
        get
        {
            lock (_lock)
                return _figures;
        }
    }

    /// <summary>Completes with the first reading that satisfies <paramref name="condition"/>; at once if the present one does.</summary>
    public async Task<AdapterFigures> WhenAsync(Func<AdapterFigures, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            AdapterFigures figures;
            lock (_lock)
                (figures, changed) = (_figures, _changed.Task);
            if (condition(figures))
                return figures;
            await changed.WaitAsync(cancellationToken);
        }
    }

    internal void Update(Func<AdapterFigures, AdapterFigures> change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _figures = change(_figures);
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        changed.SetResult();
    }
}

/// <param name="LastSequence">Newest sequence that is stored in the outbox.</param>
/// <param name="ConfirmedSequence">Up to here every change was confirmed by bus or ingress.</param>
/// <param name="HubWatermark">Up to here the hub has applied everything, as it last said.</param>
/// <param name="Published">Changes confirmed since this process started; a batch sent twice counts twice.</param>
/// <param name="HubLoaded">The hub has applied the end of the first load, so that it answers for what there is not, too.</param>
/// <param name="SourceExhausted">At its last end the source had nothing more, and all it had given is stored.</param>
public readonly record struct AdapterFigures(
    ulong LastSequence, ulong ConfirmedSequence, ulong HubWatermark, ulong Published, bool HubLoaded, bool SourceExhausted)
{
    /// <summary>Everything the source has is applied at the hub.</summary>
    public bool HubIsCurrent => SourceExhausted && HubLoaded && HubWatermark >= LastSequence;
}
