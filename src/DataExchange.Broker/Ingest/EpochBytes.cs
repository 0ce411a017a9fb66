using System.Buffers.Binary;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Broker.Ingest;

/// <summary>A stream epoch between the wire's 16 bytes and the number that the index compares.</summary>
internal static class EpochBytes
{
    public static ByteString Of(UInt128 epoch)
    {
        Span<byte> bytes = stackalloc byte[WireLimits.EpochBytes];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, epoch);
        return ByteString.CopyFrom(bytes);
    }

    /// <param name="bytes">Exactly 16.</param>
    public static UInt128 Read(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt128BigEndian(bytes);
}
