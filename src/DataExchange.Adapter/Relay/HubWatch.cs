namespace DataExchange.Adapter;

/// <summary>Why the hub is not followed any further.</summary>
internal enum WatchEnd
{
    /// <summary>The hub's stream and the outbox must be compared again.</summary>
    Contradicts,

    /// <summary>The watermark has gone back, or stood still for too long below what was confirmed.</summary>
    MissesWhatWasConfirmed,
}

/// <summary>Asks the hub how far it is, and trims the outbox behind its watermark.</summary>
/// <param name="mayBeAway">A bus takes batches while the hub is away, and the window is the limit; without one its absence ends the connection.</param>
internal sealed class HubWatch(Wire.ChangeIngressService.ChangeIngressServiceClient hub, Outbox outbox, bool mayBeAway,
    DepartmentAdapterOptions options, AdapterProgress progress, AdapterStatus status, TimeProvider time)
{
    // A trim is a disk synchronisation of its own. 1 s.
    private static readonly TimeSpan TrimInterval = TimeSpan.FromSeconds(1);

    public async Task<Wire.GetStreamStateResponse> AskAsync(CancellationToken cancellationToken)
    {
        var deadline = time.GetUtcNow().UtcDateTime + options.PublishTimeout;
        return await hub.GetStreamStateAsync(new Wire.GetStreamStateRequest(), deadline: deadline, cancellationToken: cancellationToken);
    }

    public async Task<WatchEnd> FollowAsync(RelayPosition position, CancellationToken cancellationToken)
    {
        var heard = position.Watermark;
        var moved = time.GetTimestamp();
        var trimmed = time.GetTimestamp();
        while (true)
        {
            await Task.Delay(heard < outbox.LastSequence || !progress.Figures.HubLoaded ? options.WatermarkInterval : options.HeartbeatInterval, time, cancellationToken);
            if (await TryAskAsync(cancellationToken) is not { } state)
                continue;
            if (StreamVerdicts.Compare(state, outbox) != StreamVerdict.Consistent)
                return WatchEnd.Contradicts;

            var watermark = state.WatermarkIn(outbox);
            if (watermark > heard || watermark >= position.Confirmed)
                moved = time.GetTimestamp();
            if (watermark < heard || time.GetElapsedTime(moved) >= options.StallInterval)
                return WatchEnd.MissesWhatWasConfirmed;

            heard = watermark;
            position.Hear(watermark);
            progress.Update(f => f with { HubWatermark = watermark, HubLoaded = state.LoadedIn(outbox) });
            if (status.OutboxFull || time.GetElapsedTime(trimmed) >= TrimInterval)
            {
                outbox.Trim(position.Confirmed, position.Watermark, options.OutboxTailBatches);
                trimmed = time.GetTimestamp();
            }
        }
    }

    private async Task<Wire.GetStreamStateResponse?> TryAskAsync(CancellationToken cancellationToken)
    {
        try
        {
            var state = await AskAsync(cancellationToken);
            status.HubProblem = null;
            return state;
        }
        catch (Exception exception) when (mayBeAway && !cancellationToken.IsCancellationRequested)
        {
            status.HubProblem = $"The hub does not say how far it is: {PublishFailedException.ReasonOf(exception)}";
            return null;
        }
    }
}
