namespace DataExchange.Transparency.Tiles;

/// <summary>Builds a log's tiles from its leaves, in memory that does not grow with the log. Not thread safe.</summary>
public sealed class TileBuilder
{
    private readonly List<Level> _levels = [];

    /// <summary>Leaves so far.</summary>
    public ulong Size { get; private set; }

    /// <summary>Goes on with a log of <paramref name="size"/> entries.</summary>
    /// <param name="size">A multiple of 256: all that is needed then stands in full tiles.</param>
    /// <param name="read">Gives a full tile's bytes; throws if it cannot.</param>
    public static TileBuilder Resume(ulong size, Func<Tile, ReadOnlyMemory<byte>> read)
    {
        ArgumentNullException.ThrowIfNull(read);
        ArgumentOutOfRangeException.ThrowIfNotEqual(size % Tile.FullWidth, 0UL, nameof(size));
        var builder = new TileBuilder { Size = size };
        for (var at = 0; size >> (Tile.Height * at) > 0; at++)
        {
            var level = new Level { Index = (size >> (Tile.Height * at)) / Tile.FullWidth };
            builder._levels.Add(level);
            for (var width = Tile.Last(at, size)?.Width ?? 0; level.Width < width; level.Width++)
            {
                var below = new Tile(at - 1, (level.Index * Tile.FullWidth) + (ulong)level.Width, Tile.FullWidth);
                level.Hashes[level.Width] = RootOf(below, read(below).Span);
            }
        }

        return builder;
    }

    /// <summary>The root of the tree as it is.</summary>
    public MerkleHash Root()
    {
        MerkleHash? right = null;
        foreach (var level in _levels.Where(level => level.Width > 0))
        {
            // The place behind the last hash is free: a full tile is emptied at once.
            if (right is { } rest)
                level.Hashes[level.Width] = rest;
            right = MerkleHash.OfTree(level.Hashes.AsSpan(0, level.Width + (right is null ? 0 : 1)));
        }

        return right ?? MerkleHash.OfEmptyTree;
    }

    /// <param name="leaf">The next entry's hash.</param>
    /// <param name="full">Takes each tile that this leaf fills, lower levels first.</param>
    public void Add(MerkleHash leaf, Action<Tile, byte[]> full)
    {
        ArgumentNullException.ThrowIfNull(full);
        Size++;
        MerkleHash? hash = leaf;
        for (var at = 0; hash is { } node; at++)
        {
            if (at == _levels.Count)
                _levels.Add(new Level());
            hash = null;
            var level = _levels[at];
            level.Hashes[level.Width++] = node;
            if (level.Width < Tile.FullWidth)
                continue;
            full(new Tile(at, level.Index, Tile.FullWidth), level.ToBytes());
            hash = MerkleHash.OfTree(level.Hashes);
            (level.Index, level.Width) = (level.Index + 1, 0);
        }
    }

    /// <summary>The tiles at the right edge that are not full.</summary>
    public IEnumerable<(Tile Tile, byte[] Hashes)> Unfinished() =>
        _levels.Select((level, at) => (new Tile(at, level.Index, level.Width), level)).Where(edge => edge.level.Width > 0).Select(edge => (edge.Item1, edge.level.ToBytes()));

    private static MerkleHash RootOf(Tile tile, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Tile.FullWidth * MerkleHash.Size)
            throw new InvalidDataException($"{tile.Path} is not {Tile.FullWidth} hashes long");
        var hashes = new MerkleHash[Tile.FullWidth];
        for (var at = 0; at < hashes.Length; at++)
            hashes[at] = new MerkleHash(bytes.Slice(at * MerkleHash.Size, MerkleHash.Size));
        return MerkleHash.OfTree(hashes);
    }

    private sealed class Level
    {
        public MerkleHash[] Hashes { get; } = new MerkleHash[Tile.FullWidth];

        public ulong Index { get; set; }

        public int Width { get; set; }

        public byte[] ToBytes()
        {
            var bytes = new byte[Width * MerkleHash.Size];
            for (var at = 0; at < Width; at++)
                Hashes[at].Write(bytes.AsSpan(at * MerkleHash.Size));
            return bytes;
        }
    }
}
