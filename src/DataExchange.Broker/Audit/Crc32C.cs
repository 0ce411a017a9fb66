using System.Buffers.Binary;
using System.Numerics;

namespace DataExchange.Broker.Audit;

/// <summary>CRC-32C (Castagnoli, RFC 3720), eight bytes an instruction. Finds every error burst of up to 32 bits.</summary>
internal static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> data) => ~Update(uint.MaxValue, data);

    /// <summary>The running register, not inverted: <c>~Update(Update(uint.MaxValue, a), b)</c> is the checksum of a and b joined.</summary>
    public static uint Update(uint register, ReadOnlySpan<byte> data)
    {
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
            register = BitOperations.Crc32C(register, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (var value in data)
            register = BitOperations.Crc32C(register, value);
        return register;
    }
}
