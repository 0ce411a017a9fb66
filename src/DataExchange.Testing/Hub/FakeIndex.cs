using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Testing;

/// <summary>What the fake hub has applied: one stream, and the facts that follow from it. Thread safe.</summary>
internal sealed class FakeIndex(BatchJudge judge, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly SortedList<ulong, AppliedBatch> _batches = [];
    private readonly SortedDictionary<ulong, Wire.Change> _changes = [];
    private readonly List<RefusedBatch> _refused = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ByteString _epoch = ByteString.Empty;
    private ErrorReason? _quarantine;
    private DateTimeOffset? _currentAsOf;
    private bool _loaded;

    public IReadOnlyList<ReceivedChange> Changes => Read(() => _changes.Select(change => new ReceivedChange(change.Key, change.Value.Clone())).ToList());

    public IReadOnlyList<RefusedBatch> Refused => Read(() => _refused.ToList());

    public ByteString Epoch => Read(() => _epoch);

    /// <summary>
    /// Up to this moment everything that the department's source had is here; null before a heartbeat said so. A batch of changes has the time at
    /// which it was sealed, with more of the same reading to come, and moves nothing.
    /// </summary>
    public DateTimeOffset? CurrentAsOf => Read(() => _currentAsOf);

    /// <summary>Completes with the next batch, whatever becomes of it.</summary>
    public Task Changed => Read(() => _changed.Task);

    /// <summary>The bytes that hold a sequence; null where none are applied.</summary>
    public ByteString? PayloadAt(ulong firstSequence) => Read(() => _batches.TryGetValue(firstSequence, out var batch) ? batch.Payload : null);

    public Wire.GetStreamStateResponse State() => Read(() =>
    {
        var state = new Wire.GetStreamStateResponse { StreamEpoch = _epoch, Watermark = Watermark(), Quarantined = _quarantine is not null, Loading = !_loaded };
        var next = 1UL;
        foreach (var (first, batch) in _batches)
        {
            if (first > next)
                state.Gaps.Add(new Wire.SequenceRange { First = next, Last = first - 1 });
            next = batch.Last + 1;
        }

        return state;
    });

    /// <inheritdoc cref="FakeHub.Find"/>
    public HeldFact? Find(Identifier subject, string attribute)
    {
        judge.RequireAttribute(attribute);
        var canonical = judge.Canonical(subject);
        return Read(() => LastWord(canonical, attribute));
    }

    /// <inheritdoc cref="FakeHub.AreLinked"/>
    public bool AreLinked(Identifier one, Identifier other)
    {
        var (left, right) = (judge.Canonical(one), judge.Canonical(other));
        return Read(() => _changes.Values.LastOrDefault(change =>
            IsPair(change.Link?.Left ?? change.Unlink?.Left, change.Link?.Right ?? change.Unlink?.Right, left, right))?.KindCase == Wire.Change.KindOneofCase.Link);
    }

    /// <exception cref="Grpc.Core.RpcException">The batch is not the department's own word, which ends the stream.</exception>
    public Wire.PublishResponse Take(Wire.SignedChangeBatch signed)
    {
        var fault = judge.Judge(signed, out var batch);
        TaskCompletionSource changed;
        Wire.PublishResponse response;
        lock (_lock)
        {
            var (result, reason) = fault is null ? Apply(batch, signed.Payload) : (Wire.BatchResult.Rejected, fault.Reason);
            var detail = fault?.Detail ?? reason?.Meaning ?? "";
            if (reason is not null)
                _refused.Add(new RefusedBatch(batch.FirstSequence, reason, detail));
            response = new Wire.PublishResponse { FirstSequence = batch.FirstSequence, Result = result, Reason = reason?.Name ?? "", Detail = detail, Watermark = Watermark() };
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.SetResult();
        return fault is not null && EndsStream(fault.Reason) ? throw fault.ToRpcException() : response;
    }

    private static bool EndsStream(ErrorReason reason) =>
        reason == ErrorReasons.SignatureInvalid || reason == ErrorReasons.SignerMismatch || reason == ErrorReasons.KeyNotRegistered;

    private static bool IsPair(Wire.Identifier? left, Wire.Identifier? right, Wire.Identifier one, Wire.Identifier other) =>
        (one.Equals(left) && other.Equals(right)) || (one.Equals(right) && other.Equals(left));

    private (Wire.BatchResult Result, ErrorReason? Reason) Apply(Wire.ChangeBatch batch, ByteString payload)
    {
        if (_quarantine is not null)
            return (Wire.BatchResult.Quarantined, ErrorReasons.ProviderQuarantined);
        if (_epoch.IsEmpty)
            _epoch = batch.StreamEpoch;
        if (_epoch != batch.StreamEpoch)
            return (Wire.BatchResult.Quarantined, _quarantine = ErrorReasons.EpochUnknown);
        if (batch.Changes.Count == 0)
        {
            if (batch.FirstSequence - 1 <= Watermark())
                Observe(batch);
            return (Wire.BatchResult.Applied, null);
        }

        var applied = new AppliedBatch(batch.FirstSequence + (ulong)batch.Changes.Count - 1, payload, batch.Loading);
        if (_batches.TryGetValue(batch.FirstSequence, out var known) && known == applied)
            return (Wire.BatchResult.Duplicate, null);
        if (_batches.Any(other => other.Key <= applied.Last && batch.FirstSequence <= other.Value.Last))
            return (Wire.BatchResult.Quarantined, _quarantine = ErrorReasons.SequenceRewritten);

        _batches.Add(batch.FirstSequence, applied);
        for (var i = 0; i < batch.Changes.Count; i++)
            _changes.Add(batch.FirstSequence + (ulong)i, batch.Changes[i]);
        var watermark = Watermark();
        _loaded = _loaded || _batches.Values.Any(other => other.Last <= watermark && !other.Loading);
        return (Wire.BatchResult.Applied, null);
    }

    /// <summary>Its moment is the start of the reading that has come to an end; never later than now, whatever the department's clock says.</summary>
    private void Observe(Wire.ChangeBatch heartbeat)
    {
        _loaded |= !heartbeat.Loading;
        var (moment, now) = (heartbeat.PackedAt.ToDateTimeOffset(), time.GetUtcNow());
        moment = moment < now ? moment : now;
        if (!heartbeat.Loading && (_currentAsOf is null || moment > _currentAsOf))
            _currentAsOf = moment;
    }

    private HeldFact? LastWord(Wire.Identifier subject, string attribute)
    {
        foreach (var (sequence, change) in _changes.Reverse())
        {
            if (change.Withdraw is { } withdrawn && withdrawn.Attribute == attribute && withdrawn.Subject.Equals(subject))
                return null;
            if (change.Set is { } set && set.Attribute == attribute && set.Subject.Equals(subject))
                return new HeldFact(set.Value?.Clone(), set.Locator, change.AsOf.ToDateTimeOffset(), sequence);
        }

        return null;
    }

    private ulong Watermark()
    {
        var watermark = 0UL;
        foreach (var (first, batch) in _batches)
        {
            if (first != watermark + 1)
                break;
            watermark = batch.Last;
        }

        return watermark;
    }

    private T Read<T>(Func<T> read)
    {
        lock (_lock)
            return read();
    }

    private sealed record AppliedBatch(ulong Last, ByteString Payload, bool Loading);
}
