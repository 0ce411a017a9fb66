using System.Buffers.Binary;
using DataExchange.Broker.Index.Sealing;
using RocksDbSharp;

namespace DataExchange.Broker.Accesses;

/// <summary>
/// Which entries of the audit logs speak of which pseudonym. Holds nothing that the logs do not, so it is written without a sync and made
/// anew when it is lost. One writer; reads are thread safe.
/// </summary>
internal sealed class AccessIndex : IDisposable
{
    private const int LogIdBytes = 16;

    /// <summary>Log, pseudonym, index: so that a log can be forgotten at once.</summary>
    private const int PrefixBytes = LogIdBytes + Pseudonym.Size;
    private const int KeyBytes = PrefixBytes + sizeof(ulong);

    private readonly RocksDb _db;

    // Before any place's key.
    private static ReadOnlySpan<byte> PositionKey => [0];

    public AccessIndex(string folder)
    {
        Directory.CreateDirectory(folder);
        _db = RocksDb.Open(new DbOptions().SetCreateIfMissing(true).SetKeepLogFileNum(2).SetMaxTotalWalSize(16 << 20), folder);
    }

    /// <summary>The log followed and the index of the entry that comes next; null before the first.</summary>
    public (string LogId, ulong Next)? Position => _db.Get(PositionKey) is { Length: > sizeof(ulong) } bytes
        ? (System.Text.Encoding.ASCII.GetString(bytes, sizeof(ulong), bytes.Length - sizeof(ulong)), BinaryPrimitives.ReadUInt64BigEndian(bytes))
        : null;

    /// <summary>Forgets everything.</summary>
    public void Clear()
    {
        using var write = new WriteBatch();
        using var places = _db.NewIterator();
        for (places.SeekToFirst(); places.Valid(); places.Next())
            write.Delete(places.Key());
        _db.Write(write);
    }

    /// <summary>All of it or none.</summary>
    public void Add(IEnumerable<(Pseudonym Pseudonym, ulong Index)> places, string logId, ulong next)
    {
        using var write = new WriteBatch();
        Span<byte> key = stackalloc byte[KeyBytes];
        Convert.FromHexString(logId).CopyTo(key);
        foreach (var (pseudonym, index) in places)
        {
            pseudonym.Write(key[LogIdBytes..]);
            BinaryPrimitives.WriteUInt64BigEndian(key[PrefixBytes..], index);
            write.Put(key, default);
        }

        var position = new byte[sizeof(ulong) + logId.Length];
        BinaryPrimitives.WriteUInt64BigEndian(position, next);
        System.Text.Encoding.ASCII.GetBytes(logId, position.AsSpan(sizeof(ulong)));
        write.Put(PositionKey, position);
        _db.Write(write);
    }

    /// <summary>Forgets all logs before this one.</summary>
    public void DropBefore(string logId)
    {
        using var write = new WriteBatch();
        write.DeleteRange(new byte[LogIdBytes], LogIdBytes, Convert.FromHexString(logId), LogIdBytes);
        _db.Write(write);
    }

    /// <summary>Places of one log's entries about one pseudonym, in order.</summary>
    public IEnumerable<ulong> PlacesOf(string logId, Pseudonym pseudonym)
    {
        var prefix = new byte[PrefixBytes];
        Convert.FromHexString(logId).CopyTo(prefix, 0);
        pseudonym.Write(prefix.AsSpan(LogIdBytes));
        using var places = _db.NewIterator();
        for (places.Seek(prefix); places.Valid() && places.Key() is { Length: KeyBytes } key && key.AsSpan().StartsWith(prefix); places.Next())
            yield return BinaryPrimitives.ReadUInt64BigEndian(key.AsSpan(PrefixBytes));
    }

    public void Dispose() => _db.Dispose();
}
