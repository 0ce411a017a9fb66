using System.Buffers.Binary;
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

    /// <summary>Gives the record to <paramref name="reader"/> where it lies; the default of <typeparamref name="T"/> without asking if there is none.</summary>
    public T? ReadSubject<T>(SubjectKey subject, ISpanDeserializer<T> reader, IndexView? view = null)
    {
        Span<byte> key = stackalloc byte[SubjectKey.Size];
        subject.Write(key);
        return _db.Get(key, reader, _subjects, view?.Options ?? _read);
    }

    /// <inheritdoc cref="ManySubjects.Read"/>
    public void ReadSubjects(ReadOnlySpan<SubjectKey> subjects, SubjectVisitor visit) => ManySubjects.Read(_db, _subjects, _read, subjects, visit);

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

    /// <returns>The keys that follow <paramref name="after"/>, or the first ones, ascending.</returns>
    public List<SubjectKey> ListSubjects(SubjectKey? after, int max)
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

        var found = new List<SubjectKey>(max);
        for (; entries.Valid() && found.Count < max; entries.Next())
            found.Add(SubjectKey.Read(entries.GetKeySpan()));
        return found;
    }

    /// <summary>Walks over every record in the order of the keys, as of now.</summary>
    public void ForEachSubject(SubjectVisitor visit)
    {
        using var entries = _db.NewIterator(_subjects, _scan);
        for (entries.SeekToFirst(); entries.Valid(); entries.Next())
            visit(SubjectKey.Read(entries.GetKeySpan()), entries.GetValueSpan());
    }

    public void PutSubject(WriteBatch write, SubjectKey subject, ReadOnlySpan<byte> record)
    {
        Span<byte> key = stackalloc byte[SubjectKey.Size];
        subject.Write(key);
        write.Put(key, record, _subjects);
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

    /// <inheritdoc cref="OldVersions.Purge"/>
    public void Purge(SubjectKey first, SubjectKey last) => OldVersions.Purge(_db, _subjects, [_subjects, _batches, _state], first, last);

    public void Dispose() => _db.Dispose();
}

internal delegate void SubjectVisitor(SubjectKey subject, ReadOnlySpan<byte> record);

/// <summary>The index at one moment.</summary>
internal sealed class IndexView(Snapshot snapshot) : IDisposable
{
    public ReadOptions Options { get; } = new ReadOptions().SetSnapshot(snapshot);

    public void Dispose() => snapshot.Dispose();
}

/// <summary>What tells an applied batch from another one in its place.</summary>
internal readonly record struct StoredBatch(ulong Last, UInt128 PayloadDigest)
{
    public const int KeySize = sizeof(uint) + sizeof(ulong);
    public const int Size = sizeof(ulong) + 16;

    /// <returns><paramref name="key"/>, filled: stream and first sequence, big endian.</returns>
    public static ReadOnlySpan<byte> Key(uint stream, ulong first, Span<byte> key)
    {
        BinaryPrimitives.WriteUInt32BigEndian(key, stream);
        BinaryPrimitives.WriteUInt64BigEndian(key[sizeof(uint)..], first);
        return key;
    }

    public static StoredBatch Read(ReadOnlySpan<byte> value) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(value), BinaryPrimitives.ReadUInt128BigEndian(value[sizeof(ulong)..]));

    public void Write(Span<byte> value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(value, Last);
        BinaryPrimitives.WriteUInt128BigEndian(value[sizeof(ulong)..], PayloadDigest);
    }
}
