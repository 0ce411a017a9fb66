using System.Buffers.Binary;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// What the audit log calls a subject: 16 bytes derived from the subject's secret, so that whoever has the secret finds the subject's
/// entries, and nobody does once the secret is erased. Default: none.
/// </summary>
internal readonly record struct Pseudonym(ulong High, ulong Low)
{
    public const int Size = 16;

    /// <summary>Of a subject that the index has no secret of: never heard of, or erased.</summary>
    public bool IsNone => this == default;

    public static Pseudonym Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    public byte[] ToArray()
    {
        var bytes = new byte[Size];
        Write(bytes);
        return bytes;
    }

    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
    }
}
