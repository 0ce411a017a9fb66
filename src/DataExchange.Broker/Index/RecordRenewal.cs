using System.Buffers.Binary;
using DataExchange.Broker.Index.Sealing;

namespace DataExchange.Broker.Index;

/// <summary>
/// Brings every record into today's form while the hub serves: secrets under the current wrapping key, rows under the current row key, values
/// sealed that an earlier version left unsealed. Goes on after a restart where it was; a record that is as it should be is not written. One at a time.
/// </summary>
internal sealed partial class RecordRenewal
{
    // The state: version of the record format, numbers of both keys, and how the last row that is done begins; without it all are.
    private const int DoneBytes = 1 + (2 * sizeof(uint));

    private readonly IndexStore _store;
    private readonly WrappingKeys _keys;
    private readonly int _recordsMax;
    private readonly Func<IndexWriter> _writer;
    private readonly ILogger<RecordRenewal> _logger;
    private volatile bool _isDone;
    private volatile uint _last;

    public RecordRenewal(IndexStore store, WrappingKeys keys, IndexOptions options, Func<IndexWriter> writer, ILogger<RecordRenewal> logger)
    {
        (_store, _keys, _recordsMax, _writer, _logger) = (store, keys, options.RenewalRecordsMax, writer, logger);
        _isDone = Progress(null).AsSpan().SequenceEqual(store.ReadState(StateKeys.Renewal));
        _last = Prefix(Resume() ?? default);
    }

    /// <summary>True once every record is in today's form, under the current keys.</summary>
    public bool IsDone => _isDone;

    /// <summary>How much of the pass is done, 0 to 100: rows are spread evenly, so the last one's place tells.</summary>
    public double Percent => _isDone ? 100 : 100.0 * _last / uint.MaxValue;

    /// <summary>Takes up new keys, and renews what is not yet under the newest.</summary>
    /// <returns>False if the index cannot be written: to be tried again.</returns>
    /// <exception cref="InvalidOperationException">A new key file is not as it must be; the former keys stay current.</exception>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        var (wrapping, rows) = (_keys.ReadNew(), _store.Rows.ReadNew());
        if (wrapping.Count + rows.Count > 0)
        {
            // Durable before anything is written with them, so that a start without them is refused.
            var fingerprints = wrapping.Select(key => (StateKeys.Of(StateKeys.WrappingKey, key.Number), (byte[]?)key.Fingerprint))
                .Concat(rows.Select(key => (StateKeys.Of(StateKeys.RowKey, key.Number), (byte[]?)key.Fingerprint)));
            if (!await WriteAsync([], [.. fingerprints], () => TakeUp(wrapping, rows), cancellationToken))
                return false;
            Log.Begun(_logger, _keys.Current.Number, _store.Rows.Current);
        }

        return IsDone || await RenewAsync(cancellationToken);
    }

    private async Task<bool> RenewAsync(CancellationToken cancellationToken)
    {
        // Rows that move get in front of it or behind it; those that have not moved yet stay where they are.
        var last = Resume();
        var looked = 0L;
        _last = Prefix(last ?? default);
        while (_store.ListRows(last, _recordsMax) is { Count: > 0 } rows)
        {
            last = rows[^1].Row;
            if (!await WriteAsync([.. rows.Select(row => row.Subject).Distinct()], [(StateKeys.Renewal.ToArray(), Progress(last))], null, cancellationToken))
                return false;
            looked += rows.Count;
            _last = Prefix(last.Value);
        }

        // Only now are the former keys of no use, here and in the files.
        _store.PurgeAll();
        var former = _store.ListState(StateKeys.WrappingKey).Where(row => StateKeys.OrdinalOf(row.Key) < _keys.Current.Number)
            .Concat(_store.ListState(StateKeys.RowKey).Where(row => StateKeys.OrdinalOf(row.Key) < _store.Rows.Current))
            .Select(row => (row.Key, (byte[]?)null));
        if (!await WriteAsync([], [.. former, (StateKeys.Renewal.ToArray(), Progress(null))], _store.Rows.Settle, cancellationToken))
            return false;
        _isDone = true;
        Log.Done(_logger, _keys.Current.Number, _store.Rows.Current, looked);
        return true;
    }

    private void TakeUp(IReadOnlyList<WrappingKey> wrapping, IReadOnlyList<RowKey> rows)
    {
        // In this order, so that no pass that begins is told to be at the end of the one before.
        _last = 0;
        _isDone = false;
        if (wrapping.Count > 0)
            _keys.TakeUp(wrapping);
        if (rows.Count > 0)
            _store.Rows.TakeUp(rows);
    }

    private ValueTask<bool> WriteAsync(
        IReadOnlyList<SubjectKey> subjects, IReadOnlyList<(byte[], byte[]?)> state, Action? then, CancellationToken cancellationToken) =>
        _writer().RewriteAsync(new RecordOrder(RecordOrderKind.Renew, subjects) { State = state, Then = then }, cancellationToken);

    /// <summary>Where a pass with the same keys was, or a little before; null to begin one.</summary>
    private SubjectKey? Resume() =>
        _store.ReadState(StateKeys.Renewal) is { Length: DoneBytes + sizeof(uint) } state && state.AsSpan(0, DoneBytes).SequenceEqual(Progress(null))
            ? new SubjectKey((ulong)BinaryPrimitives.ReadUInt32LittleEndian(state.AsSpan(DoneBytes)) << 32, 0)
            : null;

    private byte[] Progress(SubjectKey? last)
    {
        var state = new byte[last is null ? DoneBytes : DoneBytes + sizeof(uint)];
        state[0] = RecordFormat.Version;
        BinaryPrimitives.WriteUInt32LittleEndian(state.AsSpan(1), _keys.Current.Number);
        BinaryPrimitives.WriteUInt32LittleEndian(state.AsSpan(1 + sizeof(uint)), _store.Rows.Current);
        // Not the whole row: it may be one that must not be found in the files afterwards.
        if (last is { } row)
            BinaryPrimitives.WriteUInt32LittleEndian(state.AsSpan(DoneBytes), Prefix(row));
        return state;
    }

    private static uint Prefix(SubjectKey row) => (uint)(row.High >> 32);

    private static partial class Log
    {
        [LoggerMessage(2420, LogLevel.Information, "Wrapping key {Wrapping} and identifier key {Row} are current; the records of all subjects are renewed.", EventName = "IndexRenewalBegun")]
        public static partial void Begun(ILogger logger, uint wrapping, uint row);

        [LoggerMessage(2421, LogLevel.Information, "All records are under wrapping key {Wrapping} and identifier key {Row}, {Records} looked at; earlier keys are of use for backups only.", EventName = "IndexRenewalDone")]
        public static partial void Done(ILogger logger, uint wrapping, uint row, long records);
    }
}
