using System.Buffers.Binary;
using DataExchange.Hosting;
using DataExchange.Transparency;
using DataExchange.Transparency.Tiles;

namespace DataExchange.Broker.Publication;

/// <summary>
/// The static files of one log: tiles, entry bundles, the checkpoint. All of them can be made again from the entries, so they are synced
/// in bulk: the mark says how many entries' files are durable, and a start writes what is behind it anew. Not thread safe.
/// </summary>
internal sealed class TileFolder
{
    private const string MarkName = "synced";
    private const UnixFileMode ReadableByAll = WholeFile.OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Full tiles and bundles that may wait for their sync: those of some 8,000 entries, so that a checkpoint never waits for many.</summary>
    private const int UnsyncedMax = 64;

    private readonly string _folder;
    private readonly TileWriter _files;
    private readonly List<string> _unsynced = [];
    private readonly List<string> _unfinished = [];

    private TileFolder(string folder, ulong size)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        _files = new TileWriter(TileBuilder.Resume(size, tile => File.ReadAllBytes(PathOf(tile.Path))), Save);
    }

    /// <summary>Goes on behind the mark, or before, so that the entries up to <paramref name="ceiling"/> are added at the next.</summary>
    /// <param name="ceiling">At most so many entries are taken for done, rounded down to whole tiles; 0 writes everything anew.</param>
    /// <exception cref="IOException">The folder cannot be read or made, or a tile is missing.</exception>
    /// <exception cref="InvalidDataException">A tile is not whole.</exception>
    public static TileFolder Open(string folder, ulong ceiling) =>
        new(folder, Math.Min(ReadMark(Path.Combine(folder, MarkName)), ceiling / Tile.FullWidth * Tile.FullWidth));

    /// <summary>Entries whose files are written; those of the last, unfinished tiles with <see cref="Finish"/>.</summary>
    public ulong Size => _files.Size;

    public MerkleHash Root() => _files.Root();

    public void Add(ReadOnlySpan<byte> entry)
    {
        _files.Add(entry);
        if (_unsynced.Count >= UnsyncedMax)
            Sync();
    }

    /// <summary>Writes what a checkpoint of this size needs beside the full tiles.</summary>
    public void Finish()
    {
        _unfinished.Clear();
        _files.Finish();
    }

    /// <summary>Makes durable also what is unfinished, and stays so: no start will write it anew.</summary>
    public void Close()
    {
        Finish();
        _unsynced.AddRange(_unfinished);
        Sync();
    }

    /// <summary>There is a whole checkpoint at any time.</summary>
    public void Publish(ReadOnlySpan<byte> note) => WholeFile.Write(PathOf(LogVerification.CheckpointFile), note, ReadableByAll, overwrite: true);

    /// <summary>Makes the full tiles durable and says so in the mark.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Sync()
    {
        if (_unsynced.Count == 0)
            return;
        foreach (var path in _unsynced)
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
            Durability.Sync(file);
        }

        foreach (var folder in _unsynced.SelectMany(FoldersOf).Distinct())
            Durability.SyncDirectory(folder);
        _unsynced.Clear();
        Span<byte> mark = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(mark, Size / Tile.FullWidth * Tile.FullWidth);
        WholeFile.Write(PathOf(MarkName), mark, WholeFile.OwnerOnly, overwrite: true);
    }

    private void Save(Tile tile, byte[] content)
    {
        var path = PathOf(tile.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        // A reader sees the former file or this one, never a part.
        File.WriteAllBytes(path + ".new", content);
        File.Move(path + ".new", path, overwrite: true);
        (tile.IsFull ? _unsynced : _unfinished).Add(path);
        if (!tile.IsFull)
            return;
        // What the full tile has replaced.
        if (Directory.Exists(path + ".p"))
            Directory.Delete(path + ".p", recursive: true);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>Its folder and those above, up to the log's: a new one has to be durable in each.</summary>
    private IEnumerable<string> FoldersOf(string path)
    {
        for (var folder = Path.GetDirectoryName(path)!; folder.Length > _folder.Length; folder = Path.GetDirectoryName(folder)!)
            yield return folder;
        yield return _folder;
    }

    /// <summary>0 where there is none, or none that can be.</summary>
    private static ulong ReadMark(string path) =>
        File.Exists(path) && File.ReadAllBytes(path) is { Length: sizeof(ulong) } mark && BinaryPrimitives.ReadUInt64BigEndian(mark) is var size && size % Tile.FullWidth == 0
            ? size
            : 0;
}
