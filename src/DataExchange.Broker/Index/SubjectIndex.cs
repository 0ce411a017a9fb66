using System.Text;
using DataExchange.Contracts;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>
/// What the hub knows of who holds what about whom, opened. Readers see every write as soon as it is durable, and never half of one.
/// </summary>
internal sealed class SubjectIndex : IAsyncDisposable
{
    private readonly IndexStore _store;
    private readonly AttributeTable _attributes;
    private readonly StreamLedger _ledger;
    private readonly ClusterReader _reader;

    private SubjectIndex(IndexStore store, IndexOptions options, SubjectKeys keys, TimeProvider time, ILoggerFactory loggers)
    {
        (_store, Keys) = (store, keys);
        _attributes = new AttributeTable([.. store.ListState(StateKeys.Attribute).Select(row => AttributeId.Parse(Encoding.UTF8.GetString(row.Value)))]);
        _ledger = new StreamLedger(store, options, Streams, time.GetUtcNow());
        _reader = new ClusterReader(store, _ledger, _attributes, Condition, options, loggers.CreateLogger<ClusterReader>());
        Writer = new IndexWriter(store, options, _ledger, _attributes, Condition, time, loggers.CreateLogger<IndexWriter>());
    }

    public SubjectKeys Keys { get; }

    public StreamStates Streams { get; } = new();

    public IndexCondition Condition { get; } = new();

    public IndexWriter Writer { get; }

    public IndexStatistics Statistics => Writer.Statistics;

    /// <inheritdoc cref="IndexStore.HasRoom"/>
    public bool HasRoom => _store.HasRoom();

    /// <exception cref="InvalidOperationException">The hub key is missing, unsafe, or not the one this index was made with.</exception>
    /// <exception cref="RocksDbException">The store cannot be opened: in use, unreadable, or damaged.</exception>
    /// <exception cref="IndexCorruptionException">Its state is damaged.</exception>
    public static SubjectIndex Open(IndexOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        var store = IndexStore.Open(options);
        try
        {
            return new SubjectIndex(store, options, OpenKeys(store, options), time, loggers);
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="ClusterReader.Read"/>
    public ClusterResult ReadCluster(SubjectKey start, IReadOnlyList<AttributeId> asked) => _reader.Read(start, asked);

    /// <inheritdoc cref="SubjectCount.Compute"/>
    public long CountSubjects() => SubjectCount.Compute(_store, _ledger.Table);

    /// <inheritdoc cref="IndexDigest"/>
    public byte[] ComputeDigest() => IndexDigest.Compute(_store, _attributes, _ledger.Table, Streams);

    /// <summary>Applies what waits and closes the store. Reading MUST have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        _store.Dispose();
        Keys.Dispose();
    }

    private static SubjectKeys OpenKeys(IndexStore store, IndexOptions options)
    {
        var made = store.ReadState(StateKeys.HubKeyFingerprint);
        var keys = new SubjectKeys(HubKeyFile.LoadOrCreate(options.HubKeyFile, mayCreate: made is null));
        var fingerprint = new byte[SubjectKey.Size];
        keys.Fingerprint().Write(fingerprint);
        if (made is null)
        {
            using var write = new WriteBatch();
            store.PutState(write, StateKeys.HubKeyFingerprint, fingerprint);
            store.Write(write);
        }
        else if (!made.AsSpan().SequenceEqual(fingerprint))
        {
            keys.Dispose();
            throw new InvalidOperationException("The hub key is not the one that this index was made with. Restore the right key file.");
        }
        return keys;
    }
}
