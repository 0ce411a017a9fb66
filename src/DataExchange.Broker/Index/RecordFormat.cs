using System.Buffers.Binary;
using System.Numerics;

namespace DataExchange.Broker.Index;

/// <summary>
/// All statements about one subject key as one value of the store, so that one read answers a lookup:
/// <code>
/// record    = version head facts 0x00 links checksum
/// version   = 0x02
/// head      = parts generation(4) if parts has 4, wrapped-secret(64) if parts has 1, erasure if parts has 2
/// erasure   = ticks(8) varint(count) { varint(stream) varint(sequence) }
/// fact      = varint(attribute + 1) varint(stream) varint(sequence) flags as-of varint(length) content
/// link      = other(16) varint(stream) varint(sequence) flags as-of
/// as-of     = UTC ticks of 100 ns since year 1, 8 bytes
/// checksum  = CRC-32C of row and all bytes before, 4 bytes
/// </code>
/// Row and other are the subject keys permuted under the row key of that generation, see <see cref="Sealing.RowKeys"/>; without one they are
/// the subject keys themselves. A record of version 1 has no head and its values are not sealed; it is read, and whatever writes it writes version 2. See
/// <see cref="Sealing.WrappingKey"/> for the secret and <see cref="Sealing.ValueSeal"/> for values. Integers are little endian, varints as in protobuf, entries ascending by <see cref="EntryKey"/>, no key twice. The store has
/// checksums of its own on blocks and log; this one also finds a record under the wrong key and memory gone bad on the way.
/// </summary>
internal static class RecordFormat
{
    public const byte Version = 2;
    public const byte UnsealedVersion = 1;
    public const byte SecretPart = 1;
    public const byte ErasurePart = 2;
    public const byte GenerationPart = 4;
    public const int ChecksumBytes = sizeof(uint);
    public const int LengthMin = 1 + 1 + ChecksumBytes;

    /// <summary>The generation of the row key that the record is under.</summary>
    public static uint GenerationOf(ReadOnlySpan<byte> record) =>
        record.Length > LengthMin + sizeof(uint) && record[0] == Version && (record[1] & GenerationPart) != 0 ? BinaryPrimitives.ReadUInt32LittleEndian(record[2..]) : 0;

    public static uint Checksum(SubjectKey row, ReadOnlySpan<byte> bytes)
    {
        var sum = BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, row.High), row.Low);
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes)
            sum = BitOperations.Crc32C(sum, b);
        return ~sum;
    }
}
