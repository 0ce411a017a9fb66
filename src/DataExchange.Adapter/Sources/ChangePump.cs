using DataExchange.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Polly;

namespace DataExchange.Adapter;

/// <summary>
/// Reads the change source, packs what it gives into batches and stores them with the source's checkpoint: a change is either
/// stored or will be read again.
/// </summary>
internal sealed partial class ChangePump : BackgroundService
{
    // What memory and one transaction may hold, beside the option's number of batches. 8 MiB.
    private const long UnsavedBytesMax = 8 * 1024 * 1024;

    private readonly IChangeSource _source;
    private readonly ChangeRules _rules;
    private readonly Outbox _outbox;
    private readonly BatchPacker _packer;
    private readonly DepartmentAdapterOptions _options;
    private readonly AdapterProgress _progress;
    private readonly AdapterStatus _status;
    private readonly TimeProvider _time;
    private readonly ILogger<ChangePump> _logger;
    private readonly ResiliencePipeline _retry;

    // Packed and not yet stored.
    private readonly List<OutboxBatch> _sealed = [];
    private long _sealedBytes;
    private long _unsavedBytesMax;
    private ulong _nextSequence;
    private string _checkpoint = "";
    private bool _loading;
    private long _oldestUnsaved;

    public ChangePump(IChangeSource source, ChangeRules rules, Outbox outbox, IOptions<DepartmentAdapterOptions> options,
        AdapterProgress progress, AdapterStatus status, TimeProvider time, ILogger<ChangePump> logger)
    {
        (_source, _rules, _outbox, _options) = (source, rules, outbox, options.Value);
        (_progress, _status, _time, _logger) = (progress, status, time, logger);
        _packer = new BatchPacker(_options.Department, outbox.Epoch, _options.BatchChangesMax, _options.BatchBytesMax);
        _retry = RetryForever.Create(_options.RetryDelayMax, time, OnFailure);
    }

    private bool HasUnsaved => _sealed.Count > 0 || _packer.Count > 0;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await _retry.ExecuteAsync(ReadToEndAsync, stoppingToken);
            await Task.Delay(_options.SourcePollInterval, _time, stoppingToken);
        }
    }

    /// <summary>One reading of the source, from the stored checkpoint to where it has nothing more.</summary>
    private async ValueTask ReadToEndAsync(CancellationToken cancellationToken)
    {
        var begun = _time.GetUtcNow();
        var lastSequence = _outbox.LastSequence;
        try
        {
            await StoreAsync(cancellationToken);
        }
        catch (Exception exception) when (_outbox.LastSequence > lastSequence && !cancellationToken.IsCancellationRequested)
        {
            // It got somewhere: tried again after the short pause.
            OnFailure(exception);
            return;
        }

        _status.SourceProblem = null;
        _status.SourceRefused = false;
        // What was changed while the source was being read may not have been seen.
        _status.CurrentAsOf = begun;
        _outbox.EndLoad();
        _progress.Update(f => f with { LastSequence = _outbox.LastSequence, SourceExhausted = true });
    }

    private async Task StoreAsync(CancellationToken cancellationToken)
    {
        _nextSequence = _outbox.LastSequence + 1;
        _unsavedBytesMax = Room();
        _loading = !_outbox.Loaded;
        try
        {
            await PackAsync(cancellationToken);
            _loading = false;
        }
        finally
        {
            // Also behind a failure: what came before it is good, and is published whatever becomes of the rest.
            Save();
        }
    }

    private async Task PackAsync(CancellationToken cancellationToken)
    {
        await using var changes = _source.ReadAsync(_outbox.SourceCheckpoint, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(changes))
        {
            var (change, checkpoint) = changes.Current;
            _rules.Prepare(change);
            if (checkpoint.Length > SourceChange.CheckpointLengthMax)
                throw new ChangeRefusedException(new FieldError("checkpoint", $"must be at most {SourceChange.CheckpointLengthMax} characters"));
            if (!_packer.TryAdd(change))
            {
                Seal();
                _packer.TryAdd(change);
            }
            if (_packer.Count == 1 && _sealed.Count == 0)
                _oldestUnsaved = _time.GetTimestamp();
            _checkpoint = checkpoint;
            if (_packer.IsFull)
                Seal();
            if (MustSave())
            {
                Save();
                if (_outbox.Bytes >= _options.OutboxBytesMax)
                    await WaitForRoomAsync(cancellationToken);
            }
        }
    }

    /// <summary>Advances the source; while that takes its time, what is packed does not wait for it longer than it may.</summary>
    private async ValueTask<bool> NextAsync(IAsyncEnumerator<SourceChange> changes)
    {
        var next = changes.MoveNextAsync();
        if (next.IsCompleted || !HasUnsaved)
            return await next;

        var pending = next.AsTask();
        using var linger = new CancellationTokenSource();
        await Task.WhenAny(pending, Task.Delay(LingerLeft(), _time, linger.Token));
        await linger.CancelAsync();
        if (!pending.IsCompleted)
            Save();
        return await pending;
    }

    private bool MustSave() => _sealed.Count >= _options.BatchesPerTransactionMax
        || _sealedBytes >= _unsavedBytesMax
        || LingerLeft() == TimeSpan.Zero;

    /// <summary>What is left of the time that the oldest unsaved change may wait.</summary>
    private TimeSpan LingerLeft()
    {
        var left = _options.BatchLinger - _time.GetElapsedTime(_oldestUnsaved);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private void Seal()
    {
        var batch = _packer.Seal(_nextSequence, _time.GetUtcNow(), _loading);
        _nextSequence = batch.LastSequence + 1;
        _sealed.Add(batch);
        _sealedBytes += batch.Payload.Length;
    }

    private void Save()
    {
        if (_packer.Count > 0)
            Seal();
        if (_sealed.Count == 0)
            return;
        try
        {
            _outbox.Append(_sealed, _checkpoint);
        }
        finally
        {
            // Stored, or else read again from the stored checkpoint.
            _sealed.Clear();
            _sealedBytes = 0;
            _unsavedBytesMax = Room();
        }
        _status.SourceProblem = null;
        _status.SourceRefused = false;
        _progress.Update(f => f with { LastSequence = _outbox.LastSequence, SourceExhausted = false });
    }

    private long Room() => Math.Min(UnsavedBytesMax, _options.OutboxBytesMax - _outbox.Bytes);

    private async Task WaitForRoomAsync(CancellationToken cancellationToken)
    {
        Log.OutboxFull(_logger, _outbox.Bytes);
        _status.OutboxFull = true;
        while (_outbox.Bytes >= _options.OutboxBytesMax)
            await _outbox.Trimmed.WaitAsync(_options.HeartbeatInterval, _time, cancellationToken);
        _status.OutboxFull = false;
        _unsavedBytesMax = Room();
    }

    /// <summary>Logs a new failure, not every try: a source that is away for an hour is one line.</summary>
    private void OnFailure(Exception exception)
    {
        var refused = exception as ChangeRefusedException;
        var problem = refused is not null
            ? $"The change after sequence {_outbox.LastSequence}: {refused.Message}"
            : $"Reading the source or storing its changes failed: {exception.GetType().Name}";
        if (problem == _status.SourceProblem)
            return;
        _status.SourceRefused = refused is not null;
        _status.SourceProblem = problem;
        if (refused is not null)
            Log.ChangeRefused(_logger, _outbox.LastSequence, refused.Error.Field, refused.Error.Rule);
        else
            Log.ReadFailed(_logger, exception.GetType().FullName!);
    }

    private static partial class Log
    {
        [LoggerMessage(1000, LogLevel.Error, "The source's change after sequence {LastSequence} is refused: {Field} {Rule}; nothing behind it is read until it is mended",
            EventName = "ChangeRefused")]
        public static partial void ChangeRefused(ILogger logger, ulong lastSequence, string field, string rule);

        [LoggerMessage(1001, LogLevel.Warning, "Reading the source or storing its changes failed with {Exception}; trying again from the stored checkpoint",
            EventName = "SourceReadFailed")]
        public static partial void ReadFailed(ILogger logger, string exception);

        [LoggerMessage(1002, LogLevel.Warning, "The outbox holds {Bytes} bytes, its limit; the source is not read until the hub has applied some", EventName = "OutboxFull")]
        public static partial void OutboxFull(ILogger logger, long bytes);
    }
}
