using System.Threading.Channels;
using DataExchange.Broker.Index.Sealing;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>
/// The one writer of the index. Takes all batches that wait and applies them with one synced write: records, links, batch digests,
/// stream states and statistics change together or not at all. Once a write has failed nothing is written any more: what is on the
/// disk is then unknown until the store has been opened anew. A disk that gets full is therefore not written to in the first place.
/// </summary>
internal sealed partial class IndexWriter : IAsyncDisposable
{
    private const ulong SequenceMax = long.MaxValue;

    private readonly IndexStore _store;
    private readonly StreamLedger _ledger;
    private readonly RecordUpdates _updates;
    private readonly RecordOrders _orders;
    private readonly IndexCondition _condition;
    private readonly TimeProvider _time;
    private readonly ILogger<IndexWriter> _logger;
    private readonly Channel<Waiting> _queue;
    private readonly int _groupBatchesMax;
    private readonly WriteBatch _write = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private IndexStatistics _counted;
    private bool _full;
    private volatile Published _statistics;

    public IndexWriter(
        IndexStore store, IndexOptions options, StreamLedger ledger, AttributeTable attributes, WrappingKeys keys, IndexCondition condition, TimeProvider time,
        ILogger<IndexWriter> logger)
    {
        (_store, _ledger, _condition, _time, _logger) = (store, ledger, condition, time, logger);
        var sealer = new RecordSealer(keys, attributes);
        _updates = new RecordUpdates(store, attributes, sealer);
        _orders = new RecordOrders(store, sealer);
        _groupBatchesMax = options.GroupBatchesMax;
        _queue = Channel.CreateBounded<Waiting>(new BoundedChannelOptions(options.QueueBatchesMax) { SingleReader = true });
        _counted = store.ReadState(StateKeys.Statistics) is { } bytes ? IndexStatistics.Deserialize(bytes) : default;
        _statistics = new Published(_counted);
        // Its own thread, because it stands still in every sync.
        new Thread(Run) { IsBackground = true, Name = "index-writer" }.Start();
    }

    /// <summary>As of the last write.</summary>
    public IndexStatistics Statistics => _statistics.Value;

    /// <summary>
    /// Answers once the batch's fate is durable. Batches may come in any order and more than once, from any number of callers, which
    /// wait while the queue is full.
    /// </summary>
    /// <param name="batch">MUST have been verified; MUST NOT change before the answer.</param>
    /// <param name="cancellationToken">Ends the wait for a place in the queue. A batch that has one is applied and answered.</param>
    public async ValueTask<ApplyResult> ApplyAsync(VerifiedBatch batch, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfZero(batch.FirstSequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.FirstSequence, SequenceMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch.LastSequence, SequenceMax);
        var waiting = new Waiting(batch, order: null);
        return await EnqueueAsync(waiting, cancellationToken)
            ? new ApplyResult(waiting.Outcome, waiting.Watermark)
            : new ApplyResult(ApplyOutcome.Unavailable, 0);
    }

    /// <summary>Rewrites the records of some subjects, whatever departments say about them meanwhile.</summary>
    /// <returns>True once it is durable; false if the index cannot be written: then nothing is known of the effect.</returns>
    public ValueTask<bool> RewriteAsync(RecordOrder order, CancellationToken cancellationToken) => EnqueueAsync(new Waiting(batch: null, order), cancellationToken);

    /// <summary>Applies what waits, then ends. Does not close the store.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _ended.Task;
    }

    private async ValueTask<bool> EnqueueAsync(Waiting waiting, CancellationToken cancellationToken)
    {
        if (_condition.WriteFailure is not null)
            return false;
        try
        {
            await _queue.Writer.WriteAsync(waiting, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            return false;
        }
        return await waiting.Written.Task;
    }

    private void Run()
    {
        var group = new List<Waiting>(_groupBatchesMax);
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (group.Count < _groupBatchesMax && _queue.Reader.TryRead(out var waiting))
                group.Add(waiting);
            Answer(group);
            group.Clear();
        }
        _write.Dispose();
        _ended.SetResult();
    }

    private void Answer(List<Waiting> group)
    {
        var written = _condition.WriteFailure is null && HasRoom();
        if (written)
        {
            try
            {
                var started = _time.GetTimestamp();
                Apply(group);
                IndexMetrics.Record(group.Count, _time.GetElapsedTime(started));
            }
            catch (Exception e)
            {
                // Whatever it was, memory and disk may differ now; only a new start makes them one again.
                _condition.WriteFailure = e;
                Log.WriteFailed(_logger, e);
                written = false;
            }
        }

        foreach (var waiting in group)
        {
            waiting.Watermark = waiting.Batch is { } batch ? _ledger.Watermark(batch.Department) : 0;
            waiting.Written.SetResult(written);
        }
    }

    /// <summary>Asked before anything is decided: what the ledger has decided can only be written or lost.</summary>
    private bool HasRoom()
    {
        var full = !_store.HasRoom();
        if (full && !_full)
            Log.NoRoom(_logger);
        else if (!full && _full)
            Log.RoomAgain(_logger);
        _full = full;
        return !full;
    }

    private void Apply(List<Waiting> group)
    {
        var now = _time.GetUtcNow();
        // Orders first, and written before a batch that may touch the same records is merged.
        _counted += _orders.Save(_write, [.. group.Select(waiting => waiting.Order).OfType<RecordOrder>()], _ledger.Table);
        Commit(now);
        foreach (var waiting in group)
            waiting.Order?.Then?.Invoke();
        foreach (var waiting in group)
        {
            if (waiting.Batch is not { } batch)
                continue;
            if (_ledger.NeedsSwitch(batch))
                SwitchStream(batch, now);
            waiting.Outcome = _ledger.Decide(batch, now, out var stream);
            if (waiting.Outcome == ApplyOutcome.Applied && !batch.IsHeartbeat)
                _updates.Add(batch, stream);
            else if (waiting.Outcome is ApplyOutcome.SequenceRewritten or ApplyOutcome.EpochUnknown && _ledger.IsQuarantined(batch.Department))
                Log.Quarantined(_logger, batch.Department.Value, waiting.Outcome, batch.FirstSequence);
        }
        Commit(now);
    }

    private void SwitchStream(VerifiedBatch batch, DateTimeOffset now)
    {
        Commit(now);
        _ledger.Switch(batch);
        // Which subjects the former stream alone spoke of, no count tells: they are counted anew. Rare, and about a second a million records.
        _counted = default;
        _store.ForEachSubject((subject, record) => _counted += IndexStatistics.Of(record, subject, _store.Rows, _ledger.Table));
        Commit(now);
        Log.StreamSwitched(_logger, batch.Department.Value);
    }

    private void Commit(DateTimeOffset now)
    {
        _counted += _updates.Save(_write, _ledger.Table);
        _ledger.Save(_write);
        if (_write.Count() > 0)
        {
            _store.PutState(_write, StateKeys.Statistics, _counted.Serialize());
            _store.Write(_write);
            _write.Clear();
        }
        _ledger.Publish(now);
        _statistics = new Published(_counted);
    }

    /// <summary>A batch or an order.</summary>
    private sealed class Waiting(VerifiedBatch? batch, RecordOrder? order)
    {
        public VerifiedBatch? Batch => batch;

        public RecordOrder? Order => order;

        public ApplyOutcome Outcome { get; set; }

        public ulong Watermark { get; set; }

        public TaskCompletionSource<bool> Written { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Makes three numbers change at once for readers.</summary>
    private sealed record Published(IndexStatistics Value);

    private static partial class Log
    {
        [LoggerMessage(2400, LogLevel.Critical, "The index could not be written and takes no more changes until the hub is started anew.", EventName = "IndexWriteFailed")]
        public static partial void WriteFailed(ILogger logger, Exception exception);

        [LoggerMessage(2401, LogLevel.Error, "{Department} is in quarantine from now on: {Outcome}, at sequence {Sequence}. Nothing of it is applied until its epoch is accepted anew.", EventName = "IndexQuarantined")]
        public static partial void Quarantined(ILogger logger, string department, ApplyOutcome outcome, ulong sequence);

        [LoggerMessage(2402, LogLevel.Warning, "The stream of {Department} continues with the epoch accepted for it; what the former one said counts no more.", EventName = "IndexStreamSwitched")]
        public static partial void StreamSwitched(ILogger logger, string department);

        [LoggerMessage(2403, LogLevel.Error, "The index has less free space than Index:FreeBytesMin and takes no change until there is room.", EventName = "IndexNoRoom")]
        public static partial void NoRoom(ILogger logger);

        [LoggerMessage(2404, LogLevel.Information, "The index has room again and takes changes.", EventName = "IndexRoomAgain")]
        public static partial void RoomAgain(ILogger logger);
    }
}
