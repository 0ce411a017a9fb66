using System.Buffers.Binary;
using System.Text;
using DataExchange.Contracts;

namespace DataExchange.AdapterHost.Memory;

/// <summary>What was published of one subject: a fingerprint of each attribute's value, 0 for none, by the attribute's number; and its links.</summary>
internal sealed class RowState
{
    /// <summary>Stands for "some value, nobody knows which": equal to no value's fingerprint.</summary>
    public const long Unknown = 1;

    private const int HeadBytes = 3;

    private RowState(bool uncertain, long[] prints, List<Identifier> links) => (IsUncertain, Prints, Links) = (uncertain, prints, links);

    public static RowState None { get; } = new(false, [], []);

    /// <summary>Whether its links may also not have been published.</summary>
    public bool IsUncertain { get; }

    public long[] Prints { get; }

    public List<Identifier> Links { get; }

    public static RowState Of(long[] prints, List<Identifier> links) => new(false, prints, links);

    /// <summary>By an attribute's number; 0 beyond what is known.</summary>
    public long this[int number] => number < Prints.Length ? Prints[number] : 0;

    /// <summary>For when nobody knows which of two states was published: whatever comes next is stated anew where they differ.</summary>
    public static RowState Either(RowState before, RowState after)
    {
        var prints = new long[Math.Max(before.Prints.Length, after.Prints.Length)];
        for (var i = 0; i < prints.Length; i++)
            prints[i] = before[i] == after[i] ? before[i] : Unknown;
        return new RowState(true, prints, [.. before.Links.Union(after.Links)]);
    }

    /// <summary>Empty where nothing was published.</summary>
    public byte[] ToBytes()
    {
        if (Links.Count == 0 && Array.TrueForAll(Prints, print => print == 0))
            return [];
        var length = HeadBytes + (8 * Prints.Length);
        foreach (var link in Links)
            length += 3 + link.Scheme.Length + Encoding.UTF8.GetByteCount(link.Value);
        var bytes = new byte[length];
        bytes[0] = IsUncertain ? (byte)1 : (byte)0;
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(1), (ushort)Prints.Length);
        var at = HeadBytes;
        foreach (var print in Prints)
        {
            BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(at), print);
            at += 8;
        }

        foreach (var link in Links)
        {
            var scheme = Encoding.UTF8.GetBytes(link.Scheme, bytes.AsSpan(at + 1));
            bytes[at] = (byte)scheme;
            at += 1 + scheme;
            var value = Encoding.UTF8.GetBytes(link.Value, bytes.AsSpan(at + 2));
            BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(at), (ushort)value);
            at += 2 + value;
        }

        return bytes;
    }

    public static RowState From(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == 0)
            return None;
        var prints = new long[BinaryPrimitives.ReadUInt16BigEndian(bytes[1..])];
        var rest = bytes[HeadBytes..];
        for (var i = 0; i < prints.Length; i++, rest = rest[8..])
            prints[i] = BinaryPrimitives.ReadInt64BigEndian(rest);
        var links = new List<Identifier>();
        while (rest.Length > 0)
        {
            var scheme = Encoding.UTF8.GetString(rest.Slice(1, rest[0]));
            rest = rest[(1 + rest[0])..];
            var length = BinaryPrimitives.ReadUInt16BigEndian(rest);
            links.Add(new Identifier(scheme, Encoding.UTF8.GetString(rest.Slice(2, length))));
            rest = rest[(2 + length)..];
        }

        return new RowState(bytes[0] == 1, prints, links);
    }
}
