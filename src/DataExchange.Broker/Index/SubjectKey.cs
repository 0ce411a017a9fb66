using System.Buffers.Binary;

namespace DataExchange.Broker.Index;

/// <summary>
/// What the hub knows a subject's identifier by: 16 bytes that only the holder of the hub key can make from an identifier, see
/// <see cref="SubjectKeys"/>. May be logged and stored; two identifiers of one person have two keys, joined by links.
/// </summary>
internal readonly record struct SubjectKey(ulong High, ulong Low) : IComparable<SubjectKey>
{
    public const int Size = 16;

    /// <param name="bytes">Exactly <see cref="Size"/> bytes, as <see cref="Write"/> made them.</param>
    public static SubjectKey Read(ReadOnlySpan<byte> bytes) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(bytes), BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]));

    /// <summary>Big endian, so that the order of the bytes in the store is the order of the keys.</summary>
    public void Write(Span<byte> bytes)
    {
        BinaryPrimitives.WriteUInt64BigEndian(bytes, High);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[8..], Low);
    }

    public int CompareTo(SubjectKey other) => High != other.High ? High.CompareTo(other.High) : Low.CompareTo(other.Low);

    /// <summary>32 lower-case hexadecimal digits.</summary>
    public override string ToString() => $"{High:x16}{Low:x16}";
}
