using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Adapter;

/// <summary>A batch without changes: everything before its first sequence has been published. Never stored.</summary>
internal static class Heartbeat
{
    /// <param name="currentAsOf">The newest moment that the stream up to here speaks for.</param>
    public static byte[] Payload(string department, ByteString epoch, ulong nextSequence, DateTimeOffset currentAsOf) =>
        new Wire.ChangeBatch
        {
            Department = department,
            StreamEpoch = epoch,
            FirstSequence = nextSequence,
            PackedAt = Timestamp.FromDateTimeOffset(currentAsOf),
        }.ToByteArray();
}
