using DataExchange.Broker.Index.Sealing;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>
/// The index's RocksDB: three column families under one write-ahead log, so that one write changes all of them or none.
/// RocksDB owns durability: a write returns once the log is synced, and what was being written at a crash is dropped at the next start.
/// Reads are thread safe; writes come from one writer.
/// </summary>
internal sealed class IndexStore : IDisposable
{
    private const string SubjectsName = "subjects";
    private const string BatchesName = "batches";

    private readonly RocksDb _db;
    private readonly ColumnFamilyHandle _subjects;
    private readonly ColumnFamilyHandle _batches;
    private readonly ColumnFamilyHandle _state;
    private readonly ReadOptions _read = new();
    private readonly ReadOptions _scan = new ReadOptions().SetFillCache(false);
    private readonly WriteOptions _synced = new WriteOptions().SetSync(true);
    private readonly DriveInfo _drive;
    private readonly long _roomBytes;

    private IndexStore(RocksDb db, IndexOptions options)
    {
        _db = db;
        _drive = new DriveInfo(Path.GetFullPath(options.Folder));
        _roomBytes = options.FreeBytesMin == 0 ? 0 : options.FreeBytesMin + ((long)options.WriteBufferMegabytes << 20);
        _subjects = db.GetColumnFamily(SubjectsName);
        _batches = db.GetColumnFamily(BatchesName);
        _state = db.GetDefaultColumnFamily();
    }

    /// <exception cref="RocksDbException">The folder cannot be used, is in use, or its files are damaged.</exception>
    public static IndexStore Open(IndexOptions options)
    {
        Directory.CreateDirectory(options.Folder);
        var families = new ColumnFamilies
        {
            { SubjectsName, IndexTuning.Subjects(options) },
            { BatchesName, IndexTuning.Batches() },
        };
        return new IndexStore(RocksDb.Open(IndexTuning.Database(options), options.Folder, families), options);
    }

    /// <summary>Under which rows the records lie. Set once, before the first record is read or written.</summary>
    public RowKeys Rows { get; set; } = RowKeys.None;

    /// <summary>Gives the record to <paramref name="reader"/>, which says true, where it lies; without asking if there is none.</summary>
    public bool ReadSubject(SubjectKey subject, ISpanDeserializer<bool> reader, IndexView? view = null)
    {
        var options = view?.Options ?? _read;
        while (true)
        {
            var (current, former) = (Rows.Current, Rows.Former);
            if (ReadRow(subject, current, reader, options))
                return true;
            foreach (var generation in former)
            {
                if (ReadRow(subject, generation, reader, options))
                    return true;
            }
            // It may have moved to its new row after that was looked at, and from its old one before: the other way nothing ever moves.
            if (former.Length > 0 && ReadRow(subject, current, reader, options))
                return true;
            // Or to a row that there was not yet.
            if (Rows.Current == current)
                return false;
        }
    }

    /// <summary>Many records in one call of the store. The writer's.</summary>
    /// <param name="subjects">Each once.</param>
    /// <param name="visit">Called for each in turn, with an empty record if there is none.</param>
    /// <exception cref="IndexCorruptionException">The store could not read one, or the visitor threw it.</exception>
    public void ReadSubjects(ReadOnlySpan<SubjectKey> subjects, SubjectVisitor visit)
    {
        var asked = subjects.ToArray();
        var next = 0;
        ManySubjects.Read(_db, _subjects, _read, Array.ConvertAll(asked, subject => Rows.RowOf(subject, Rows.Current)), (_, record) =>
        {
            var subject = asked[next++];
            visit(subject, record.IsEmpty ? ReadFormer(subject) : record);
        });
    }

    /// <summary>All reads through a view see the index at one moment, between two writes. Dispose it soon: it keeps old versions alive.</summary>
    public IndexView OpenView() => new(_db.CreateSnapshot());

    public StoredBatch? ReadBatch(uint stream, ulong first)
    {
        Span<byte> value = stackalloc byte[StoredBatch.Size];
        return _db.GetFixedSizeValue(StoredBatch.Key(stream, first, stackalloc byte[StoredBatch.KeySize]), value, _batches, _read)
            ? StoredBatch.Read(value)
            : null;
    }

    public byte[]? ReadState(ReadOnlySpan<byte> key) => _db.Get(key, _state, _read);

    /// <summary>Every entry of the state whose key begins so, in the order of the keys.</summary>
    public List<(byte[] Key, byte[] Value)> ListState(byte prefix)
    {
        using var entries = _db.NewIterator(_state, _scan);
        var found = new List<(byte[], byte[])>();
        for (entries.Seek([prefix]); entries.Valid() && entries.GetKeySpan()[0] == prefix; entries.Next())
            found.Add((entries.Key(), entries.Value()));
        return found;
    }

    /// <returns>The rows that follow <paramref name="after"/>, or the first ones, ascending, and whose they are.</returns>
    public List<(SubjectKey Row, SubjectKey Subject)> ListRows(SubjectKey? after, int max)
    {
        Span<byte> key = stackalloc byte[SubjectKey.Size];
        using var entries = _db.NewIterator(_subjects, _scan);
        if (after is { } last)
        {
            last.Write(key);
            entries.Seek(key.ToArray());
            if (entries.Valid() && SubjectKey.Read(entries.GetKeySpan()) == last)
                entries.Next();
        }
        else
        {
            entries.SeekToFirst();
        }

        var found = new List<(SubjectKey, SubjectKey)>(max);
        for (; entries.Valid() && found.Count < max; entries.Next())
        {
            var row = SubjectKey.Read(entries.GetKeySpan());
            found.Add((row, Rows.SubjectOf(row, RecordFormat.GenerationOf(entries.GetValueSpan()))));
        }
        return found;
    }

    /// <summary>Walks over every record in the order of the rows, as of now.</summary>
    public void ForEachSubject(SubjectVisitor visit)
    {
        using var entries = _db.NewIterator(_subjects, _scan);
        for (entries.SeekToFirst(); entries.Valid(); entries.Next())
        {
            var record = entries.GetValueSpan();
            visit(Rows.SubjectOf(SubjectKey.Read(entries.GetKeySpan()), RecordFormat.GenerationOf(record)), record);
        }
    }

    public void PutSubject(WriteBatch write, SubjectKey subject, ReadOnlySpan<byte> record)
    {
        Span<byte> key = stackalloc byte[SubjectKey.Size];
        Rows.RowOf(subject, Rows.Current).Write(key);
        write.Put(key, record, _subjects);
        foreach (var generation in Rows.Unsettled)
        {
            Rows.RowOf(subject, generation).Write(key);
            write.Delete(key.ToArray(), _subjects);
        }
    }

    public void PutBatch(WriteBatch write, uint stream, ulong first, StoredBatch batch)
    {
        Span<byte> value = stackalloc byte[StoredBatch.Size];
        batch.Write(value);
        write.Put(StoredBatch.Key(stream, first, stackalloc byte[StoredBatch.KeySize]), value, _batches);
    }

    public void PutState(WriteBatch write, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => write.Put(key, value, _state);

    /// <param name="value">Null takes the key out.</param>
    public void PutState(WriteBatch write, byte[] key, byte[]? value)
    {
        if (value is null)
            write.Delete(key, _state);
        else
            PutState(write, key.AsSpan(), value);
    }

    /// <summary>Whether the disk has the free space that the options ask for. Thread safe.</summary>
    public bool HasRoom() => _roomBytes == 0 || _drive.AvailableFreeSpace >= _roomBytes;

    /// <summary>Returns once all of it is on the disk.</summary>
    /// <exception cref="RocksDbException">None of it may be relied on; the store MUST NOT be written again.</exception>
    public void Write(WriteBatch write) => _db.Write(write, _synced);

    /// <summary>As <see cref="Purge"/>, of everybody.</summary>
    public void PurgeAll() => OldVersions.Purge(_db, _subjects, [_subjects, _batches, _state], default, new SubjectKey(ulong.MaxValue, ulong.MaxValue));

    /// <inheritdoc cref="OldVersions.Purge"/>
    public void Purge(SubjectKey subject)
    {
        foreach (var generation in Rows.Former.Prepend(Rows.Current))
        {
            var row = Rows.RowOf(subject, generation);
            OldVersions.Purge(_db, _subjects, [_subjects, _batches, _state], row, row);
        }
    }

    public void Dispose() => _db.Dispose();

    private bool ReadRow(SubjectKey subject, uint generation, ISpanDeserializer<bool> reader, ReadOptions options)
    {
        Span<byte> key = stackalloc byte[SubjectKey.Size];
        Rows.RowOf(subject, generation).Write(key);
        return _db.Get(key, reader, _subjects, options);
    }

    private byte[] ReadFormer(SubjectKey subject)
    {
        var key = new byte[SubjectKey.Size];
        foreach (var generation in Rows.Unsettled)
        {
            Rows.RowOf(subject, generation).Write(key);
            if (_db.Get(key, _subjects, _read) is { } record)
                return record;
        }
        return [];
    }
}
