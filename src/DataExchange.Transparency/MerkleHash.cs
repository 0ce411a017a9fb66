using System.Buffers.Binary;
using System.Numerics;

namespace DataExchange.Transparency;

/// <summary>A node of an RFC 6962 tree over SHA-256, 32 bytes. Compared by value.</summary>
public readonly struct MerkleHash : IEquatable<MerkleHash>
{
    public const int Size = Sha256.Bytes;

    private readonly UInt128 _high;
    private readonly UInt128 _low;

    /// <param name="bytes">32 of them.</param>
    public MerkleHash(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(bytes.Length, Size, nameof(bytes));
        _high = BinaryPrimitives.ReadUInt128BigEndian(bytes);
        _low = BinaryPrimitives.ReadUInt128BigEndian(bytes[16..]);
    }

    /// <summary>Of the tree without entries: the hash of nothing.</summary>
    public static MerkleHash OfEmptyTree { get; } = Of([], []);

    public static bool operator ==(MerkleHash left, MerkleHash right) => left.Equals(right);

    public static bool operator !=(MerkleHash left, MerkleHash right) => !left.Equals(right);

    /// <summary>SHA-256(0x00 || entry).</summary>
    public static MerkleHash OfLeaf(ReadOnlySpan<byte> entry) => Of([0], entry);

    /// <summary>SHA-256(0x01 || left || right).</summary>
    public static MerkleHash OfNode(MerkleHash left, MerkleHash right)
    {
        Span<byte> node = stackalloc byte[1 + (2 * Size)];
        node[0] = 1;
        left.Write(node[1..]);
        right.Write(node[(1 + Size)..]);
        return Of(node, []);
    }

    /// <summary>The root over these nodes, split as RFC 6962, section 2.1, splits leaves; the last may stand for fewer leaves than the others.</summary>
    public static MerkleHash OfTree(ReadOnlySpan<MerkleHash> nodes) => nodes.Length switch
    {
        0 => OfEmptyTree,
        1 => nodes[0],
        _ => OfNode(OfTree(nodes[..LeftOf(nodes.Length)]), OfTree(nodes[LeftOf(nodes.Length)..])),
    };

    public static MerkleHash? FromBase64(string text)
    {
        Span<byte> bytes = stackalloc byte[Size];
        // Only the one spelling that the hash has: what parses must serialize to the same text.
        return Convert.TryFromBase64String(text, bytes, out var written) && written == Size && new MerkleHash(bytes) is var hash && hash.ToBase64() == text
            ? hash
            : null;
    }

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt128BigEndian(bytes, _high);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[16..], _low);
    }

    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        Write(bytes);
        return bytes;
    }

    public string ToBase64() => Convert.ToBase64String(ToArray());

    public bool Equals(MerkleHash other) => _high == other._high && _low == other._low;

    public override bool Equals(object? obj) => obj is MerkleHash other && Equals(other);

    public override int GetHashCode() => _low.GetHashCode();

    /// <summary>Hexadecimal.</summary>
    public override string ToString() => Convert.ToHexStringLower(ToArray());

    /// <summary>The largest power of two below <paramref name="count"/>.</summary>
    private static int LeftOf(int count) => 1 << BitOperations.Log2((uint)count - 1);

    private static MerkleHash Of(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second)
    {
        Span<byte> hash = stackalloc byte[Size];
        Sha256.Hash(first, second, hash);
        return new MerkleHash(hash);
    }
}
