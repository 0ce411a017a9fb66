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

    /// <summary>Full tiles and bundles that may wait for their sync: those of some 65,000 entries.</summary>
    private const int UnsyncedMax = 512;

    private readonly string _folder;
    private readonly TileBuilder _tree;
    private readonly List<byte> _bundle = [];
    private readonly List<string> _unsynced = [];

    /// <exception cref="IOException">The folder cannot be read or made.</exception>
    public TileFolder(string folder)
    {
        _folder = folder;
        Directory.CreateDirectory(folder);
        _tree = TileBuilder.Resume(ReadMark(), tile => File.ReadAllBytes(PathOf(tile.Path)));
    }

    /// <summary>Entries whose files are written; those of the last, unfinished tiles with <see cref="Finish"/>.</summary>
    public ulong Size => _tree.Size;

    /// <summary>Full tiles and bundles that are written but may not be on the disk yet.</summary>
    public int Unsynced => _unsynced.Count;

    public MerkleHash Root() => _tree.Root();

    public void Add(ReadOnlySpan<byte> entry)
    {
        EntryBundle.Append(_bundle, entry);
        _tree.Add(MerkleHash.OfLeaf(entry), WriteFull);
        if (_tree.Size % Tile.FullWidth != 0)
            return;
        WriteFull(new Tile(null, (_tree.Size / Tile.FullWidth) - 1, Tile.FullWidth), [.. _bundle]);
        _bundle.Clear();
        if (_unsynced.Count >= UnsyncedMax)
            Sync();
    }

    /// <summary>Writes what a checkpoint of this size needs beside the full tiles.</summary>
    public void Finish()
    {
        foreach (var (tile, hashes) in _tree.Unfinished())
            Write(tile, hashes);
        if (_bundle.Count > 0)
            Write(Tile.Last(null, Size)!.Value, [.. _bundle]);
    }

    /// <summary>There is a whole checkpoint at any time.</summary>
    public void Publish(ReadOnlySpan<byte> note)
    {
        var path = PathOf(LogVerification.CheckpointFile);
        File.WriteAllBytes(path + ".new", note);
        File.Move(path + ".new", path, overwrite: true);
    }

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

        foreach (var folder in _unsynced.Select(path => Path.GetDirectoryName(path)!).Distinct())
            Durability.SyncDirectory(folder);
        _unsynced.Clear();
        Span<byte> mark = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(mark, Size / Tile.FullWidth * Tile.FullWidth);
        WholeFile.Write(PathOf(MarkName), mark, WholeFile.OwnerOnly, overwrite: true);
    }

    private void WriteFull(Tile tile, byte[] content)
    {
        var path = Write(tile, content);
        _unsynced.Add(path);
        // What the full tile has replaced.
        if (Directory.Exists(path + ".p"))
            Directory.Delete(path + ".p", recursive: true);
    }

    private string Write(Tile tile, byte[] content)
    {
        var path = PathOf(tile.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    private string PathOf(string name) => Path.Combine(_folder, name);

    private ulong ReadMark()
    {
        var path = PathOf(MarkName);
        return File.Exists(path) && File.ReadAllBytes(path) is { Length: sizeof(ulong) } mark ? BinaryPrimitives.ReadUInt64BigEndian(mark) : 0;
    }
}
