namespace DataExchange.Transparency.Tiles;

/// <summary>Makes a log's files out of its entries: each tile and entry bundle once it is full, the unfinished ones when asked. Not thread safe.</summary>
/// <param name="tree">Empty, or resumed: at a size that is a multiple of 256.</param>
/// <param name="save">Takes each file.</param>
public sealed class TileWriter(TileBuilder tree, Action<Tile, byte[]> save)
{
    private readonly List<byte> _bundle = [];

    /// <summary>Entries so far.</summary>
    public ulong Size => tree.Size;

    public MerkleHash Root() => tree.Root();

    public void Add(ReadOnlySpan<byte> entry)
    {
        EntryBundle.Append(_bundle, entry);
        tree.Add(MerkleHash.OfLeaf(entry), save);
        if (tree.Size % Tile.FullWidth == 0)
            SaveBundle();
    }

    /// <summary>Saves what a checkpoint of this size needs beside the full files.</summary>
    public void Finish()
    {
        foreach (var (tile, hashes) in tree.Unfinished())
            save(tile, hashes);
        if (_bundle.Count > 0)
            save(BundleAtTheEnd, [.. _bundle]);
    }

    private Tile BundleAtTheEnd => Tile.At(null, (tree.Size - 1) / Tile.FullWidth, tree.Size);

    private void SaveBundle()
    {
        save(BundleAtTheEnd, [.. _bundle]);
        _bundle.Clear();
    }
}
