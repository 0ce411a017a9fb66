using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Adapter;

/// <summary>A batch without changes: everything before its first sequence has been published. Never stored.</summary>
internal static class Heartbeat
{
    /// <param name="department">Whose.</param>
    /// <param name="epoch">Its stream's.</param>
    /// <param name="nextSequence">That the next change will have.</param>
    /// <param name="currentAsOf">The newest moment that the stream up to here speaks for.</param>
    /// <param name="loading">The first load is not complete up to here.</param>
    public static byte[] Payload(string department, ByteString epoch, ulong nextSequence, DateTimeOffset currentAsOf, bool loading = false) =>
        new Wire.ChangeBatch
        {
            Department = department,
            StreamEpoch = epoch,
            FirstSequence = nextSequence,
            PackedAt = Timestamp.FromDateTimeOffset(currentAsOf),
            Loading = loading,
        }.ToByteArray();
}
