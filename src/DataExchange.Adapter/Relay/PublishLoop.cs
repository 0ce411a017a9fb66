using System.Diagnostics;
using DataExchange.Hosting;

namespace DataExchange.Adapter;

/// <summary>
/// Publishes what the outbox holds, oldest first, over one connection: several batches under way, never more than the window ahead of
/// the hub's watermark, and a heartbeat when there is nothing to send.
/// </summary>
internal sealed class PublishLoop(Outbox outbox, BatchSigner signer, IBatchPublisher publisher, RelayPosition position, Pulse wake,
    DepartmentAdapterOptions options, AdapterProgress progress, AdapterStatus status, TimeProvider time)
{
    private readonly Queue<OutboxBatch> _read = new();
    private readonly Queue<InFlight> _inFlight = new();

    // Last sequences of what is published and above the watermark.
    private readonly Queue<ulong> _ahead = new();
    private ulong _next;
    private long _lastPublished = time.GetTimestamp();

    // The end of the first load, if it was not reached yet when this began, is said at once.
    private bool _wasLoaded = outbox.Loaded;

    /// <summary>Returns when the hub has quarantined the stream; throws when the connection fails or a confirmation does not come in time.</summary>
    public async Task RunAsync(ulong fromSequence, CancellationToken cancellationToken)
    {
        _next = fromSequence;
        foreach (var last in outbox.LastSequences(position.Watermark, fromSequence))
            _ahead.Enqueue(last);
        try
        {
            while (true)
            {
                while (_inFlight.Count < options.InFlightBatchesMax && TryTake(out var batch))
                    Publish(batch, cancellationToken);

                if (_inFlight.Count == 0 && HeartbeatDue() is { } currentAsOf)
                    PublishHeartbeat(currentAsOf, cancellationToken);
                if (_inFlight.Count == 0)
                    await wake.WaitAsync(options.HeartbeatInterval, time, cancellationToken);
                else if (!await ConfirmOldestAsync(cancellationToken))
                    return;
            }
        }
        finally
        {
            status.UnconfirmedSince = status.WindowFullSince = null;
            foreach (var unconfirmed in _inFlight)
                _ = unconfirmed.Confirmation.ContinueWith(t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        }
    }

    private bool TryTake(out OutboxBatch batch)
    {
        batch = default;
        while (_ahead.TryPeek(out var last) && last <= position.Watermark)
            _ahead.Dequeue();
        if (_ahead.Count >= options.WindowBatches)
        {
            status.WindowFullSince ??= time.GetUtcNow();
            return false;
        }
        status.WindowFullSince = null;

        if (_read.Count == 0)
        {
            foreach (var stored in outbox.Read(_next, options.InFlightBatchesMax))
                _read.Enqueue(stored);
        }
        return _read.TryDequeue(out batch);
    }

    private void Publish(OutboxBatch batch, CancellationToken cancellationToken)
    {
        Send(batch, cancellationToken);
        _ahead.Enqueue(batch.LastSequence);
        _next = batch.LastSequence + 1;
    }

    private void PublishHeartbeat(DateTimeOffset currentAsOf, CancellationToken cancellationToken) =>
        Send(new OutboxBatch(_next, _next - 1, Heartbeat.Payload(options.Department, outbox.Epoch, _next, currentAsOf)), cancellationToken);

    private void Send(OutboxBatch batch, CancellationToken cancellationToken)
    {
        _lastPublished = time.GetTimestamp();
        _inFlight.Enqueue(new InFlight(batch, PublishAsync(batch, cancellationToken)));
        status.UnconfirmedSince ??= time.GetUtcNow();
    }

    /// <summary>The span begins the trace that the bus carries to where the batch is applied.</summary>
    private async Task<PublishConfirmation> PublishAsync(OutboxBatch batch, CancellationToken cancellationToken)
    {
        using var span = ExchangeDiagnostics.ActivitySource.StartActivity("publish batch", ActivityKind.Producer);
        span?.SetTag("dataexchange.department", options.Department).SetTag("dataexchange.first_sequence", batch.FirstSequence);
        return await publisher.PublishAsync(batch.FirstSequence, signer.Sign(batch.Payload), cancellationToken);
    }

    /// <summary>The moment that a heartbeat may speak for; null while none is due, or there is more to say than a heartbeat does.</summary>
    private DateTimeOffset? HeartbeatDue()
    {
        var endsLoad = !_wasLoaded && outbox.Loaded;
        if (!endsLoad && time.GetElapsedTime(_lastPublished) < options.HeartbeatInterval)
            return null;
        // In this order: what was current at that moment is stored by now.
        var currentAsOf = status.CurrentAsOf;
        if (currentAsOf is null || outbox.LastSequence >= _next)
            return null;
        _wasLoaded = outbox.Loaded;
        return currentAsOf;
    }

    /// <summary>False when the stream is quarantined.</summary>
    private async Task<bool> ConfirmOldestAsync(CancellationToken cancellationToken)
    {
        var (batch, pending) = _inFlight.Peek();
        var confirmation = await pending.WaitAsync(options.PublishTimeout, time, cancellationToken);
        _inFlight.Dequeue();
        status.UnconfirmedSince = _inFlight.Count == 0 ? null : time.GetUtcNow();
        if (confirmation.Result == Wire.BatchResult.Quarantined)
            return false;

        if (status.Relay != RelayStage.Publishing)
            status.BecomePublishing();
        if (confirmation.Result == Wire.BatchResult.Rejected)
            status.Rejected = new RejectedBatch(batch.FirstSequence, batch.LastSequence, confirmation.Reason, confirmation.Detail);
        else if (status.Rejected is { } rejected && confirmation.Watermark >= rejected.LastSequence)
            status.Rejected = null;
        if (confirmation.Watermark > position.Watermark)
            position.Hear(confirmation.Watermark);
        position.Confirm(batch.LastSequence);
        progress.Update(f => f with
        {
            ConfirmedSequence = Math.Max(f.ConfirmedSequence, batch.LastSequence),
            Published = f.Published + batch.Count,
            HubWatermark = Math.Max(f.HubWatermark, confirmation.Watermark),
        });
        return true;
    }

    private readonly record struct InFlight(OutboxBatch Batch, Task<PublishConfirmation> Confirmation);
}
