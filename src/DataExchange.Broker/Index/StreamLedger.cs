using DataExchange.Contracts;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>
/// Decides what becomes of each batch from its department, epoch, sequences and digest alone, and keeps what that takes: streams,
/// applied ranges, batch digests, quarantines. The writer's own; readers see <see cref="StreamStates"/> and <see cref="Table"/>.
/// </summary>
internal sealed class StreamLedger
{
    private readonly IndexStore _store;
    private readonly int _piecesMax;
    private readonly StreamStates _published;
    private readonly Dictionary<DepartmentId, DepartmentState> _departments = [];

    // Of the group at hand: what is decided but not yet in the store, and who has to be stored or shown anew.
    private readonly Dictionary<(uint Stream, ulong First), StoredBatch> _batches = [];
    private readonly HashSet<DepartmentState> _toSave = [];
    private readonly HashSet<DepartmentState> _toPublish = [];

    private volatile StreamTable _table = StreamTable.Empty;

    public StreamLedger(IndexStore store, IndexOptions options, StreamStates published, DateTimeOffset now)
    {
        (_store, _piecesMax, _published) = (store, options.StreamPiecesMax, published);
        var streams = store.ListState(StateKeys.Stream).Select((row, ordinal) => StreamState.Deserialize((uint)ordinal, row.Value)).ToList();
        foreach (var stream in streams)
            _table = _table.Add(stream.Department, stream.Epoch);
        foreach (var (key, value) in store.ListState(StateKeys.Department))
        {
            var department = DepartmentState.Deserialize(StateKeys.DepartmentOf(key), value, streams);
            _departments.Add(department.Id, department);
            _table = _table.MakeCurrent(department.Current.Ordinal);
            published.Publish(department.Snapshot(now));
        }
    }

    public StreamTable Table => _table;

    public ulong Watermark(DepartmentId department) => _departments.TryGetValue(department, out var state) ? state.Current.Applied.Watermark : 0;

    public bool IsQuarantined(DepartmentId department) => _departments.TryGetValue(department, out var state) && state.Quarantine is not null;

    /// <returns>True if the batch is of an epoch that is accepted but not yet in force: <see cref="Switch"/> before deciding on it.</returns>
    public bool NeedsSwitch(VerifiedBatch batch) =>
        batch.AcceptedEpoch == batch.Epoch && _departments.TryGetValue(batch.Department, out var department) && department.Current.Epoch != batch.Epoch;

    /// <summary>Puts the batch's epoch in force. What the former one said counts no more, so that the statistics MUST be counted anew.</summary>
    public void Switch(VerifiedBatch batch)
    {
        var department = _departments[batch.Department];
        if (!department.Streams.TryGetValue(batch.Epoch, out var stream))
            department.Streams.Add(batch.Epoch, stream = NewStream(batch));
        _table = _table.MakeCurrent(stream.Ordinal);
        department.Current = stream;
        department.Quarantine = null;
        Touch(department);
    }

    /// <param name="batch">The batch.</param>
    /// <param name="now">Now.</param>
    /// <param name="stream">Ordinal of its stream, if it is to be applied.</param>
    public ApplyOutcome Decide(VerifiedBatch batch, DateTimeOffset now, out uint stream)
    {
        stream = 0;
        if (!_departments.TryGetValue(batch.Department, out var department))
        {
            if (batch.AcceptedEpoch is { } accepted && accepted != batch.Epoch)
                return ApplyOutcome.EpochUnknown;
            department = NewDepartment(batch);
        }
        if (department.Quarantine is not null && !TryLift(department, batch))
            return ApplyOutcome.Quarantined;
        if (department.Current.Epoch != batch.Epoch)
        {
            // What a former epoch left in the queues comes late and harms nobody; one never seen is a second store or a new one.
            return department.Streams.ContainsKey(batch.Epoch) ? ApplyOutcome.EpochUnknown : Quarantine(department, ApplyOutcome.EpochUnknown, batch, now);
        }

        stream = department.Current.Ordinal;
        return batch.IsHeartbeat ? Observe(department, batch, now) : Place(department, batch, now);
    }

    /// <summary>Adds everything decided since the last time to <paramref name="write"/>.</summary>
    public void Save(WriteBatch write)
    {
        foreach (var ((stream, first), batch) in _batches)
            _store.PutBatch(write, stream, first, batch);
        foreach (var department in _toSave)
        {
            _store.PutState(write, StateKeys.Of(department.Id), department.Serialize());
            _store.PutState(write, StateKeys.Of(StateKeys.Stream, department.Current.Ordinal), department.Current.Serialize());
        }
    }

    /// <summary>Shows it to readers, once it is durable.</summary>
    public void Publish(DateTimeOffset now)
    {
        foreach (var department in _toPublish)
            _published.Publish(department.Snapshot(now));
        _batches.Clear();
        _toSave.Clear();
        _toPublish.Clear();
    }

    private ApplyOutcome Observe(DepartmentState department, VerifiedBatch heartbeat, DateTimeOffset now)
    {
        var stream = department.Current;
        stream.Announced = Math.Max(stream.Announced, heartbeat.LastSequence);
        // Not worth a write but for the end of the load: after a restart the next heartbeat says it again.
        _toPublish.Add(department);
        if (heartbeat.LastSequence <= stream.Applied.Watermark && stream.BecameCurrent(Earlier(heartbeat.PackedAt, now), heartbeat.Loading))
            Touch(department);
        return ApplyOutcome.Applied;
    }

    private ApplyOutcome Place(DepartmentState department, VerifiedBatch batch, DateTimeOffset now)
    {
        var stream = department.Current;
        var (key, stored) = ((stream.Ordinal, batch.FirstSequence), new StoredBatch(batch.LastSequence, batch.PayloadDigest));
        if (stream.Applied.Overlaps(batch.FirstSequence, batch.LastSequence))
        {
            var known = _batches.TryGetValue(key, out var pending) ? pending : _store.ReadBatch(stream.Ordinal, batch.FirstSequence);
            return known == stored ? ApplyOutcome.Duplicate : Quarantine(department, ApplyOutcome.SequenceRewritten, batch, now);
        }

        stream.Announced = Math.Max(stream.Announced, batch.LastSequence);
        _toPublish.Add(department);
        var range = new AppliedRange(batch.FirstSequence, batch.LastSequence, Earlier(batch.PackedAt, now), batch.Loading);
        if (!stream.Applied.TryAdd(range, _piecesMax, out var passed))
            return ApplyOutcome.TooManyGaps;
        if (passed is { } complete)
            stream.BecameCurrent(complete.PackedAt, complete.Loading);
        _batches.Add(key, stored);
        Touch(department);
        return ApplyOutcome.Applied;
    }

    private bool TryLift(DepartmentState department, VerifiedBatch batch)
    {
        if (!department.IsQuarantineAnswered(batch))
            return false;
        department.Quarantine = null;
        Touch(department);
        return true;
    }

    private ApplyOutcome Quarantine(DepartmentState department, ApplyOutcome outcome, VerifiedBatch batch, DateTimeOffset now)
    {
        department.Quarantine = new StreamQuarantine(outcome, batch.Epoch, now);
        Touch(department);
        return outcome;
    }

    private DepartmentState NewDepartment(VerifiedBatch first)
    {
        var stream = NewStream(first);
        var department = new DepartmentState(first.Department) { Current = stream };
        department.Streams.Add(stream.Epoch, stream);
        _departments.Add(department.Id, department);
        _table = _table.MakeCurrent(stream.Ordinal);
        Touch(department);
        return department;
    }

    private StreamState NewStream(VerifiedBatch first)
    {
        var ordinal = (uint)_table.Count;
        _table = _table.Add(first.Department, first.Epoch);
        return new StreamState(ordinal, first.Department, first.Epoch, new AppliedRanges(0, []));
    }

    private void Touch(DepartmentState department)
    {
        _toSave.Add(department);
        _toPublish.Add(department);
    }

    private static DateTimeOffset Earlier(DateTimeOffset packedAt, DateTimeOffset now) => packedAt < now ? packedAt : now;
}
