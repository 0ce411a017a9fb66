using System.Numerics;

namespace DataExchange.Transparency.Tiles;

/// <summary>Roots and proofs of a log of <paramref name="size"/> entries, computed from its tiles. As thread safe as <paramref name="read"/>.</summary>
/// <param name="read">Gives a tile's bytes, <see cref="Tile.Width"/> hashes; throws if it cannot.</param>
public sealed class TileTree(ulong size, Func<Tile, ReadOnlyMemory<byte>> read)
{
    public MerkleHash Root() => size == 0 ? MerkleHash.OfEmptyTree : Range(0, size);

    /// <summary>RFC 6962, section 2.1.1: that the entry is in the tree.</summary>
    /// <param name="index">Less than the size.</param>
    public IReadOnlyList<MerkleHash> InclusionProof(ulong index)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, size);
        var proof = new List<MerkleHash>();
        var (from, to) = (0UL, size);
        while (to - from > 1)
        {
            var middle = from + LargestPowerBelow(to - from);
            proof.Add(index < middle ? Range(middle, to) : Range(from, middle));
            (from, to) = index < middle ? (from, middle) : (middle, to);
        }

        proof.Reverse();
        return proof;
    }

    /// <summary>RFC 6962, section 2.1.2: that the tree begins with the one of <paramref name="oldSize"/>.</summary>
    /// <param name="oldSize">Not more than the size.</param>
    public IReadOnlyList<MerkleHash> ConsistencyProof(ulong oldSize)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(oldSize, size);
        if (oldSize == 0 || oldSize == size)
            return [];
        var proof = new List<MerkleHash>();
        var (from, to) = (0UL, size);
        while (oldSize != to)
        {
            var middle = from + LargestPowerBelow(to - from);
            proof.Add(oldSize <= middle ? Range(middle, to) : Range(from, middle));
            (from, to) = oldSize <= middle ? (from, middle) : (middle, to);
        }

        if (from > 0)
            proof.Add(Range(from, to));
        proof.Reverse();
        return proof;
    }

    private static ulong LargestPowerBelow(ulong count) => 1UL << (63 - BitOperations.LeadingZeroCount(count - 1));

    private MerkleHash Range(ulong from, ulong to)
    {
        var count = to - from;
        if (BitOperations.IsPow2(count))
            return Node(BitOperations.TrailingZeroCount(count), from);
        var middle = from + LargestPowerBelow(count);
        return MerkleHash.OfNode(Range(from, middle), Range(middle, to));
    }

    /// <summary>The whole subtree of 2^<paramref name="height"/> entries that begins with entry <paramref name="from"/>.</summary>
    private MerkleHash Node(int height, ulong from)
    {
        var level = height / Tile.Height;
        var first = from >> (Tile.Height * level);
        var tile = Tile.At(level, first / Tile.FullWidth, size);
        var at = (int)(first % Tile.FullWidth);
        var hashes = read(tile).Span;
        if (hashes.Length != tile.Width * MerkleHash.Size)
            throw new InvalidDataException($"{tile.Path} is not {tile.Width} hashes long");
        var nodes = new MerkleHash[1 << (height % Tile.Height)];
        for (var i = 0; i < nodes.Length; i++)
            nodes[i] = new MerkleHash(hashes.Slice((at + i) * MerkleHash.Size, MerkleHash.Size));
        return MerkleHash.OfTree(nodes);
    }
}
