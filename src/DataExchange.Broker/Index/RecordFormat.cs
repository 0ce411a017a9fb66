using System.Buffers.Binary;
using System.Numerics;

namespace DataExchange.Broker.Index;

/// <summary>
/// All statements about one subject key as one value of the store, so that one read answers a lookup:
/// <code>
/// record    = version facts 0x00 links checksum
/// version   = 0x01
/// fact      = varint(attribute + 1) varint(stream) varint(sequence) flags as-of varint(length) content
/// link      = other(16) varint(stream) varint(sequence) flags as-of
/// as-of     = UTC ticks of 100 ns since year 1, 8 bytes
/// checksum  = CRC-32C of subject key and all bytes before, 4 bytes
/// </code>
/// Integers are little endian, varints as in protobuf, entries ascending by <see cref="EntryKey"/>, no key twice. The store has
/// checksums of its own on blocks and log; this one also finds a record under the wrong key and memory gone bad on the way.
/// </summary>
internal static class RecordFormat
{
    public const byte Version = 1;
    public const int ChecksumBytes = sizeof(uint);
    public const int LengthMin = 1 + 1 + ChecksumBytes;

    public static uint Checksum(SubjectKey subject, ReadOnlySpan<byte> bytes)
    {
        var sum = BitOperations.Crc32C(BitOperations.Crc32C(uint.MaxValue, subject.High), subject.Low);
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes)
            sum = BitOperations.Crc32C(sum, b);
        return ~sum;
    }
}
