using System.Buffers.Binary;
using DataExchange.Broker.Index.Sealing;
using RocksDbSharp;

namespace DataExchange.Broker.Accesses;

/// <summary>
/// Which entries of the audit log speak of which pseudonym. Holds nothing that the log does not, so it is written without a sync and made
/// anew when it is lost. One writer; reads are thread safe.
/// </summary>
internal sealed class AccessIndex : IDisposable
{
    private const int KeyBytes = Pseudonym.Size + sizeof(ulong);

    private readonly RocksDb _db;

    // Shorter than any place's key, so never one.
    private static ReadOnlySpan<byte> PositionKey => "position"u8;

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
        foreach (var (pseudonym, index) in places)
        {
            pseudonym.Write(key);
            BinaryPrimitives.WriteUInt64BigEndian(key[Pseudonym.Size..], index);
            write.Put(key, default);
        }

        var position = new byte[sizeof(ulong) + logId.Length];
        BinaryPrimitives.WriteUInt64BigEndian(position, next);
        System.Text.Encoding.ASCII.GetBytes(logId, position.AsSpan(sizeof(ulong)));
        write.Put(PositionKey, position);
        _db.Write(write);
    }

    /// <summary>Places of the entries about one pseudonym, in order.</summary>
    public IEnumerable<ulong> PlacesOf(Pseudonym pseudonym)
    {
        var prefix = new byte[Pseudonym.Size];
        pseudonym.Write(prefix);
        using var places = _db.NewIterator();
        for (places.Seek(prefix); places.Valid() && places.Key() is { Length: KeyBytes } key && key.AsSpan().StartsWith(prefix); places.Next())
            yield return BinaryPrimitives.ReadUInt64BigEndian(key.AsSpan(Pseudonym.Size));
    }

    public void Dispose() => _db.Dispose();
}
