using DataExchange.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Polly;

namespace DataExchange.Adapter;

/// <summary>
/// Brings the outbox to the hub. First it asks the hub how far it is and compares that with the outbox; then it publishes from there,
/// and keeps asking, so that the outbox is trimmed behind the hub's watermark and a loss or a contradiction is seen.
/// </summary>
internal sealed partial class ChangeRelay : BackgroundService
{
    private readonly Outbox _outbox;
    private readonly BatchSigner _signer;
    private readonly IBatchPublisher _publisher;
    private readonly HubWatch _hub;
    private readonly DepartmentAdapterOptions _options;
    private readonly AdapterProgress _progress;
    private readonly AdapterStatus _status;
    private readonly TimeProvider _time;
    private readonly ILogger<ChangeRelay> _logger;
    private readonly ResiliencePipeline _retry;

    private readonly Pulse _wake = new();

    // The next session publishes again what the bus has confirmed but the hub does not have.
    private bool _rewind;

    public ChangeRelay(Outbox outbox, BatchSigner signer, IBatchPublisher publisher, Wire.ChangeIngressService.ChangeIngressServiceClient hub,
        IOptions<DepartmentAdapterOptions> options, AdapterProgress progress, AdapterStatus status, TimeProvider time, ILogger<ChangeRelay> logger)
    {
        (_outbox, _signer, _publisher, _options) = (outbox, signer, publisher, options.Value);
        (_progress, _status, _time, _logger) = (progress, status, time, logger);
        _hub = new HubWatch(hub, outbox, mayBeAway: !publisher.ConfirmsForHub, _options, progress, status, time);
        _retry = RetryForever.Create(_options.RetryDelayMax, time, OnFailure);
        outbox.Appended += _wake.Set;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _progress.Update(f => f with { LastSequence = _outbox.LastSequence, ConfirmedSequence = _outbox.RelayCheckpoint });
        while (!stoppingToken.IsCancellationRequested)
            await _retry.ExecuteAsync(RunSessionAsync, stoppingToken);
    }

    /// <summary>From one comparison with the hub to the next.</summary>
    private async ValueTask RunSessionAsync(CancellationToken cancellationToken)
    {
        var hub = await _hub.AskAsync(cancellationToken);
        var verdict = StreamVerdicts.Compare(hub, _outbox);
        if (verdict != StreamVerdict.Consistent)
        {
            await StandStillAsync(verdict, hub, cancellationToken);
            return;
        }

        _outbox.OfferEverything();
        // After a failure it stays one until something is confirmed: that the hub answers does not say that it takes batches.
        if (_status.Relay is RelayStage.Starting or RelayStage.RolledBack or RelayStage.Quarantined)
            _status.BecomePublishing();
        var position = Begin(hub, out var from);
        try
        {
            await PublishAsync(position, from, cancellationToken);
        }
        catch (Exception exception) when (position.HasConfirmed && !cancellationToken.IsCancellationRequested)
        {
            // The way was open: the hub is asked again at once.
            OnFailure(exception);
        }
    }

    /// <summary>
    /// Where to go on: behind the hub's watermark, since a hub's confirmation and its watermark are one thing. What the bus has confirmed
    /// may still be on its way, so it is left to arrive, unless the watermark has gone back or stood still for too long.
    /// </summary>
    private RelayPosition Begin(Wire.GetStreamStateResponse hub, out ulong from)
    {
        var watermark = hub.WatermarkIn(_outbox);
        var confirmed = Math.Min(_outbox.RelayCheckpoint, _outbox.LastSequence);
        from = (_publisher.ConfirmsForHub || _rewind ? watermark : Math.Max(watermark, confirmed)) + 1;
        if (_rewind)
            Log.Rewinding(_logger, watermark, confirmed);
        _rewind = false;
        var keptFrom = _outbox.FirstSequence;
        _status.TrimmedProblem = from >= keptFrom ? null : $"The hub needs sequences from {from}, the outbox keeps them from {keptFrom}";
        if (from < keptFrom)
        {
            Log.Trimmed(_logger, from, keptFrom);
            from = keptFrom;
        }
        _progress.Update(f => f with { HubWatermark = watermark, HubLoaded = hub.LoadedIn(_outbox) });
        Log.Publishing(_logger, from, watermark);
        return new RelayPosition(Math.Max(confirmed, watermark), watermark, _wake);
    }

    private async Task PublishAsync(RelayPosition position, ulong from, CancellationToken cancellationToken)
    {
        using var session = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var loop = new PublishLoop(_outbox, _signer, _publisher, position, _wake, _options, _progress, _status, _time);
        var publishing = loop.RunAsync(from, session.Token);
        var watching = _hub.FollowAsync(position, session.Token);
        try
        {
            await await Task.WhenAny(publishing, watching);
            _rewind = watching.IsCompletedSuccessfully && await watching == WatchEnd.MissesWhatWasConfirmed;
        }
        finally
        {
            await session.CancelAsync();
            await Task.WhenAll(publishing, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await _publisher.ResetAsync();
            _outbox.Trim(position.Confirmed, position.Watermark, _options.OutboxTailBatches);
        }
    }

    private async Task StandStillAsync(StreamVerdict verdict, Wire.GetStreamStateResponse hub, CancellationToken cancellationToken)
    {
        var stage = verdict == StreamVerdict.RolledBack ? RelayStage.RolledBack : RelayStage.Quarantined;
        if (_status.Relay != stage && stage == RelayStage.RolledBack)
            Log.RolledBack(_logger, hub.Watermark, _outbox.OfferedSequence);
        else if (_status.Relay != stage)
            Log.Quarantined(_logger);
        _status.Relay = stage;
        _status.RelayProblem = (stage == RelayStage.RolledBack ? ErrorReasons.SequenceRewritten : ErrorReasons.ProviderQuarantined).Meaning;

        await ShowEpochAsync(hub, cancellationToken);
        await Task.Delay(_options.HeartbeatInterval, _time, cancellationToken);
    }

    /// <summary>
    /// The hub takes an epoch back into force with the first batch it sees of it: an empty one, so that nothing is published before the
    /// operator has decided. Within one epoch there is nothing to decide: an outbox set back in time must give way to a new one.
    /// </summary>
    private async Task ShowEpochAsync(Wire.GetStreamStateResponse hub, CancellationToken cancellationToken)
    {
        if (_status.CurrentAsOf is not { } currentAsOf || hub.WatermarkIn(_outbox) > _outbox.OfferedSequence)
            return;
        var next = _outbox.HubWatermark + 1;
        // With changes to follow it speaks for no moment, and for no end of the load.
        var isAll = _outbox.LastSequence < next;
        var payload = Heartbeat.Payload(_options.Department, _outbox.Epoch, next, isAll ? currentAsOf : DateTimeOffset.UnixEpoch, loading: !isAll);
        try
        {
            await _publisher.PublishAsync(next, _signer.Sign(payload), cancellationToken).WaitAsync(_options.PublishTimeout, _time, cancellationToken);
        }
        finally
        {
            await _publisher.ResetAsync();
        }
    }

    /// <summary>Logs a new failure, not every try: a hub that is away for an hour is one line.</summary>
    private void OnFailure(Exception exception)
    {
        var stage = exception is OutboxDamagedException ? RelayStage.Damaged : RelayStage.Retrying;
        var problem = stage == RelayStage.Damaged ? exception.Message : $"The hub or the bus failed: {PublishFailedException.ReasonOf(exception)}";
        if (stage == _status.Relay && problem == _status.RelayProblem)
            return;
        _status.Relay = stage;
        _status.RelayProblem = problem;
        if (stage == RelayStage.Damaged)
            Log.Damaged(_logger, problem);
        else
            Log.Failed(_logger, problem);
    }

    private static partial class Log
    {
        [LoggerMessage(1100, LogLevel.Information, "Publishing from sequence {From}; the hub has applied everything up to {Watermark}", EventName = "Publishing")]
        public static partial void Publishing(ILogger logger, ulong from, ulong watermark);

        [LoggerMessage(1101, LogLevel.Warning, "Publishing stopped, trying again: {Problem}", EventName = "PublishFailed")]
        public static partial void Failed(ILogger logger, string problem);

        [LoggerMessage(1102, LogLevel.Error, "The hub has sequence {Watermark} of this stream, or is in another epoch, but the outbox only had {Last}: it was set back in time; nothing is published",
            EventName = "OutboxRolledBack")]
        public static partial void RolledBack(ILogger logger, ulong watermark, ulong last);

        [LoggerMessage(1103, LogLevel.Error, "The hub has quarantined this department's stream; nothing is published until its operator accepts the epoch", EventName = "Quarantined")]
        public static partial void Quarantined(ILogger logger);

        [LoggerMessage(1104, LogLevel.Warning, "The hub does not have what was confirmed: its watermark is {Watermark}, {Confirmed} was confirmed; publishing from there again",
            EventName = "ConfirmedIsMissing")]
        public static partial void Rewinding(ILogger logger, ulong watermark, ulong confirmed);

        [LoggerMessage(1106, LogLevel.Error, "{Damage} Nothing behind it is published", EventName = "OutboxDamaged")]
        public static partial void Damaged(ILogger logger, string damage);

        [LoggerMessage(1105, LogLevel.Error, "The hub needs sequence {From}, the outbox keeps them from {First} on: a new epoch is needed", EventName = "OutboxTrimmed")]
        public static partial void Trimmed(ILogger logger, ulong from, ulong first);
    }
}
