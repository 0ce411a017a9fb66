using System.Collections.Frozen;
using System.Text;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>
/// What the hub knows of who holds what about whom, opened. Readers see every write as soon as it is durable, and never half of one.
/// </summary>
internal sealed class SubjectIndex : IAsyncDisposable
{
    private const int MakeKnownAttemptsMax = 3;

    private readonly IndexStore _store;
    private readonly AttributeTable _attributes;
    private readonly StreamLedger _ledger;
    private readonly ClusterReader _reader;
    private readonly WrappingKeys _wrappingKeys;

    private SubjectIndex(IndexStore store, IndexOptions options, SubjectKeys keys, WrappingKeys wrappingKeys, TimeProvider time, ILoggerFactory loggers)
    {
        (_store, Keys, _wrappingKeys) = (store, keys, wrappingKeys);
        _attributes = new AttributeTable([.. store.ListState(StateKeys.Attribute).Select(row => AttributeId.Parse(Encoding.UTF8.GetString(row.Value)))]);
        _ledger = new StreamLedger(store, options, Streams, time.GetUtcNow());
        _reader = new ClusterReader(store, _ledger, _attributes, wrappingKeys, Condition, options, loggers.CreateLogger<ClusterReader>());
        Renewal = new RecordRenewal(store, wrappingKeys, options, () => Writer!, loggers.CreateLogger<RecordRenewal>());
        Writer = new IndexWriter(store, options, _ledger, _attributes, wrappingKeys, Condition, time, loggers.CreateLogger<IndexWriter>());
    }

    public SubjectKeys Keys { get; }

    /// <summary>What unwraps key files; needed at the start and for new keys only.</summary>
    public KeyTokens Tokens { get; private init; } = KeyTokens.None;

    public StreamStates Streams { get; } = new();

    public IndexCondition Condition { get; } = new();

    public IndexWriter Writer { get; }

    public IndexStatistics Statistics => Writer.Statistics;

    /// <inheritdoc cref="IndexStore.HasRoom"/>
    public bool HasRoom => _store.HasRoom();

    /// <exception cref="InvalidOperationException">A key is missing, unsafe, not the one this index was made with, or not unwrapped by its token.</exception>
    /// <exception cref="RocksDbException">The store cannot be opened: in use, unreadable, or damaged.</exception>
    /// <exception cref="IndexCorruptionException">Its state is damaged.</exception>
    public static SubjectIndex Open(IndexOptions options, TimeProvider time, ILoggerFactory loggers)
    {
        var store = IndexStore.Open(options);
        try
        {
            var tokens = new KeyTokens(options.KeyTokens);
            var (keys, wrappingKeys) = (IndexKeys.OpenSubjectKeys(store, options), IndexKeys.OpenWrappingKeys(store, options, tokens));
            store.Rows = IndexKeys.OpenRowKeys(store, options, tokens);
            var index = new SubjectIndex(store, options, keys, wrappingKeys, time, loggers) { Tokens = tokens };
            if (index.Renewal.IsDone || store.ListRows(after: null, max: 1).Count == 0)
                store.Rows.SettleAtStart();
            return index;
        }
        catch
        {
            store.Dispose();
            throw;
        }
    }

    /// <inheritdoc cref="ClusterReader.Read"/>
    public ClusterResult ReadCluster(SubjectKey start, IReadOnlyList<AttributeId> asked, FrozenSet<DepartmentId>? linkers = null) =>
        _reader.Read(start, asked, linkers);

    /// <summary>
    /// The pseudonym under which the audit log speaks of a subject. One that the index has no secret of gets one, durable on return, so that
    /// what is asked about an unknown subject can be shown to it later.
    /// </summary>
    /// <returns>Null if the index cannot be read or written.</returns>
    public async ValueTask<Pseudonym?> MakeKnownAsync(SubjectKey subject, CancellationToken cancellationToken)
    {
        // Erased between the write and the read: once more. For ever would need an erasure each time.
        for (var attempt = 0; attempt < MakeKnownAttemptsMax; attempt++)
        {
            if (!await Writer.RewriteAsync(new RecordOrder(RecordOrderKind.MakeKnown, [subject]), cancellationToken))
                return null;
            var cluster = ReadCluster(subject, []);
            if (!cluster.Pseudonym.IsNone)
                return cluster.Pseudonym;
        }
        return null;
    }

    /// <summary>
    /// The pseudonyms that the audit log may speak of a subject under: of the identifier and of all linked to it now, that one first.
    /// Identifiers without a secret have none.
    /// </summary>
    /// <param name="linkers">Departments whose links count; null for all that ever linked.</param>
    /// <returns>Null if the index cannot be read, or more identifiers are linked than a lookup follows.</returns>
    public Pseudonym[]? PseudonymsOf(SubjectKey subject, FrozenSet<DepartmentId>? linkers = null) =>
        _reader.ReadMembers(subject, linkers) is { } members ? [.. members.Where(member => !member.Pseudonym.IsNone).Select(member => member.Pseudonym)] : null;

    /// <inheritdoc cref="ClusterReader.ReadMembers"/>
    public (SubjectKey Subject, Pseudonym Pseudonym)[]? ReadMembers(SubjectKey subject, FrozenSet<DepartmentId>? linkers) => _reader.ReadMembers(subject, linkers);

    /// <summary>Whose the pseudonyms are. Reads the whole index.</summary>
    /// <exception cref="IndexCorruptionException">A record is damaged, or its secret cannot be opened.</exception>
    public Dictionary<Pseudonym, SubjectKey> FindSubjects(IReadOnlySet<Pseudonym> pseudonyms)
    {
        var found = new Dictionary<Pseudonym, SubjectKey>();
        _store.ForEachSubject((subject, record) =>
        {
            var reader = new RecordReader(record, subject, _store.Rows);
            if (reader.Secret.IsEmpty)
                return;
            var opener = new RecordOpener(_wrappingKeys, subject, reader.Secret);
            if (pseudonyms.Contains(opener.Pseudonym))
                found[opener.Pseudonym] = subject;
        });
        return found;
    }

    /// <summary>
    /// Nothing is left of the subjects but the mark that keeps older statements away; durable on return, and out of the index's files: no old
    /// version of their records stays in a table or in the log.
    /// </summary>
    /// <param name="at">When they are erased.</param>
    /// <param name="through">Per stream the highest sequence known to exist then; streams that this index has nothing of are passed over.</param>
    /// <param name="state">Put into the state in the same write.</param>
    /// <returns>False if the index cannot be written.</returns>
    public async ValueTask<bool> EraseAsync(
        IReadOnlyList<SubjectKey> subjects, DateTimeOffset at, IEnumerable<(DepartmentId Department, UInt128 Epoch, ulong Through)> through, (byte[], byte[]?)? state)
    {
        var marks = new SortedDictionary<uint, ulong>();
        foreach (var stream in through)
        {
            if (_ledger.Table.TryFind(stream.Department, stream.Epoch, out var ordinal))
                marks[ordinal] = stream.Through;
        }

        var order = new RecordOrder(RecordOrderKind.Erase, subjects, new ErasureMark(at.UtcTicks, marks)) { State = state is { } put ? [put] : [] };
        if (!await Writer.RewriteAsync(order, CancellationToken.None))
            return false;
        foreach (var subject in subjects)
            _store.Purge(subject);
        return true;
    }

    /// <inheritdoc cref="IndexStore.ForEachSubject"/>
    public void ForEachRecord(SubjectVisitor visit) => _store.ForEachSubject(visit);

    public RowKeys Rows => _store.Rows;

    public byte[]? ReadState(ReadOnlySpan<byte> key) => _store.ReadState(key);

    /// <inheritdoc cref="RecordRenewal"/>
    public RecordRenewal Renewal { get; }

    /// <inheritdoc cref="SubjectCount.Compute"/>
    public long CountSubjects() => SubjectCount.Compute(_store, _ledger.Table);

    /// <inheritdoc cref="IndexDigest"/>
    public byte[] ComputeDigest() => IndexDigest.Compute(_store, _attributes, _ledger.Table, _wrappingKeys, Streams);

    /// <summary>Applies what waits and closes the store. Reading MUST have ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await Writer.DisposeAsync();
        _store.Dispose();
        Keys.Dispose();
        _store.Rows.Dispose();
    }
}
