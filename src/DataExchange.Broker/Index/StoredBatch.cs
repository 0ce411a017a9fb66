using System.Buffers.Binary;

namespace DataExchange.Broker.Index;

/// <summary>What tells an applied batch from another one in its place.</summary>
internal readonly record struct StoredBatch(ulong Last, UInt128 PayloadDigest)
{
    public const int KeySize = sizeof(uint) + sizeof(ulong);
    public const int Size = sizeof(ulong) + 16;

    /// <returns><paramref name="key"/>, filled: stream and first sequence, big endian.</returns>
    public static ReadOnlySpan<byte> Key(uint stream, ulong first, Span<byte> key)
    {
        BinaryPrimitives.WriteUInt32BigEndian(key, stream);
        BinaryPrimitives.WriteUInt64BigEndian(key[sizeof(uint)..], first);
        return key;
    }

    public static StoredBatch Read(ReadOnlySpan<byte> value) =>
        new(BinaryPrimitives.ReadUInt64BigEndian(value), BinaryPrimitives.ReadUInt128BigEndian(value[sizeof(ulong)..]));

    public void Write(Span<byte> value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(value, Last);
        BinaryPrimitives.WriteUInt128BigEndian(value[sizeof(ulong)..], PayloadDigest);
    }
}
