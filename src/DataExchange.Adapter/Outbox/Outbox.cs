using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Adapter;

/// <summary>
/// The department's durable stream. What is appended here is on disk before it is offered to anybody, in contiguous sequence
/// from 1, and stays until <see cref="Trim"/>. Thread safe.
/// </summary>
/// <remarks>
/// One SQLite file (write-ahead log, synchronous=FULL), one row a batch. Appending, trimming and the checkpoints go through one
/// connection under a lock; readers use pooled connections of their own.
/// </remarks>
internal sealed class Outbox : IDisposable
{
    private readonly OutboxFile _file;
    private readonly Lock _lock = new();
    private readonly ulong _lastAtOpen;
    private OutboxState _state;
    private bool _compared;

    private Outbox(OutboxFile file)
    {
        _file = file;
        _state = file.ReadState();
        Epoch = ByteString.CopyFrom(_state.Epoch);
        _lastAtOpen = _state.LastSequence;
    }

    /// <summary>16 bytes, random, made with the file.</summary>
    public ByteString Epoch { get; }

    /// <summary>
    /// Newest sequence that may be shown to the hub. Until the hub's state has been compared with this store it is what was stored
    /// when the store was opened: a store that was set back in time would else give used sequences away a second time.
    /// </summary>
    public ulong OfferedSequence
    {
        get
        {
            lock (_lock)
                return _compared ? _state.LastSequence : _lastAtOpen;
        }
    }

    public ulong LastSequence => Snapshot().LastSequence;

    /// <summary>Oldest sequence that is kept; the next one to come when none is.</summary>
    public ulong FirstSequence => Snapshot().FirstSequence;

    public string? SourceCheckpoint => Snapshot().SourceCheckpoint;

    /// <summary>Up to here the bus or the ingress has confirmed, as last saved: may lag behind the truth, never run ahead.</summary>
    public ulong RelayCheckpoint => Snapshot().RelayCheckpoint;

    /// <summary>The hub's watermark in this epoch, as last saved; 0 while the hub has never named this epoch.</summary>
    public ulong HubWatermark => Snapshot().HubWatermark;

    /// <summary>The source has been read to its end once in this epoch, and all it gave until then is stored.</summary>
    public bool Loaded => Snapshot().Loaded;

    /// <summary>Payload bytes that are kept.</summary>
    public long Bytes => Snapshot().Bytes;

    /// <summary>Raised after every append and at the end of the first load, on the thread that made it.</summary>
    public event Action? Appended;

    /// <summary>Set on every trim that freed something.</summary>
    public Pulse Trimmed { get; } = new();

    /// <exception cref="OutboxDamagedException">The file is another department's, or its rows are not one contiguous stream.</exception>
    public static Outbox Open(string path, DepartmentId department) => new(OutboxFile.Open(path, department.Value));

    /// <summary>All of the batches and the checkpoint behind them, or nothing; durable on return.</summary>
    public void Append(IReadOnlyList<OutboxBatch> batches, string sourceCheckpoint)
    {
        lock (_lock)
        {
            var next = _state.LastSequence + 1;
            foreach (var batch in batches)
            {
                if (batch.FirstSequence != next || batch.LastSequence < next)
                    throw new InvalidOperationException("A batch must begin right after the last sequence.");
                next = batch.LastSequence + 1;
            }

            var after = _state with
            {
                LastSequence = next - 1,
                SourceCheckpoint = sourceCheckpoint,
                Bytes = _state.Bytes + batches.Sum(b => (long)b.Payload.Length),
            };
            _file.Append(batches, after);
            _state = after;
        }
        Appended?.Invoke();
    }

    /// <summary>The batches from the one that holds <paramref name="fromSequence"/>, oldest first; none when there is nothing to show.</summary>
    /// <exception cref="OutboxDamagedException">A payload is not what was stored.</exception>
    public IReadOnlyList<OutboxBatch> Read(ulong fromSequence, int batchesMax)
    {
        var last = OfferedSequence;
        return fromSequence > last ? [] : _file.Read(fromSequence, last, batchesMax);
    }

    /// <summary>The last sequence of each kept batch that begins between the two, oldest first.</summary>
    public IReadOnlyList<ulong> LastSequences(ulong after, ulong before) => _file.ReadLastSequences(after, before);

    /// <summary>
    /// Ties the locator key to the stream: a lost key that is silently made anew would leave the hub with locators that nobody can open.
    /// </summary>
    /// <param name="check">Tells keys apart, see <see cref="LocatorKey.Check"/>.</param>
    /// <exception cref="OutboxDamagedException">The stream was published with another key.</exception>
    public void Bind(ReadOnlySpan<byte> check)
    {
        lock (_lock)
        {
            if (!_file.ReadOrSaveLocatorCheck(check.ToArray()).AsSpan().SequenceEqual(check))
                throw new OutboxDamagedException("The locator key is not the one of this outbox: restore it, or start anew with an empty state folder.");
        }
    }

    /// <summary>The source has come to its end for the first time; durable on return. Later calls cost nothing.</summary>
    public void EndLoad()
    {
        lock (_lock)
        {
            if (_state.Loaded)
                return;
            _file.SaveLoaded();
            _state = _state with { Loaded = true };
        }
        Appended?.Invoke();
    }

    /// <summary>The store is found to be no older than what the hub knows of it.</summary>
    public void OfferEverything()
    {
        lock (_lock)
            _compared = true;
    }

    /// <summary>Saves how far things are, and drops what the hub has applied but for the newest <paramref name="tailBatches"/> of it.</summary>
    public void Trim(ulong relayCheckpoint, ulong hubWatermark, int tailBatches)
    {
        lock (_lock)
        {
            var after = _state with { RelayCheckpoint = relayCheckpoint, HubWatermark = hubWatermark };
            if (after == _state)
                return;
            _state = _file.Trim(after, tailBatches);
        }
        Trimmed.Set();
    }

    public void Dispose() => _file.Dispose();

    private OutboxState Snapshot()
    {
        lock (_lock)
            return _state;
    }
}

/// <summary>Everything but the batches.</summary>
internal sealed record OutboxState(
    byte[] Epoch, ulong FirstSequence, ulong LastSequence, string? SourceCheckpoint, ulong RelayCheckpoint, ulong HubWatermark, long Bytes, bool Loaded);

/// <summary>The file is not what this library wrote. Only a person can say what is to become of it.</summary>
public sealed class OutboxDamagedException(string message) : Exception(message);
