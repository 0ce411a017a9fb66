using System.Buffers.Binary;
using System.Text;
using DataExchange.Broker.Index;

namespace DataExchange.Broker.Erasure;

/// <summary>Up to where the index has carried out the erasures of the audit logs: it lies in the index, so that a restored one says what it lacks.</summary>
internal static class ErasedThroughState
{
    /// <returns>The log, and the first entry of it, that may hold an erasure to be carried out; no log for all of them.</returns>
    public static (string LogId, ulong Next) Read(SubjectIndex index) =>
        index.ReadState(StateKeys.ErasedThrough) is { Length: > sizeof(ulong) } state
            ? (Encoding.ASCII.GetString(state.AsSpan(sizeof(ulong))), BinaryPrimitives.ReadUInt64BigEndian(state))
            : ("", 0);

    public static (byte[] Key, byte[]? Value) Of(string logId, ulong next)
    {
        var state = new byte[sizeof(ulong) + logId.Length];
        BinaryPrimitives.WriteUInt64BigEndian(state, next);
        Encoding.ASCII.GetBytes(logId, state.AsSpan(sizeof(ulong)));
        return (StateKeys.ErasedThrough.ToArray(), state);
    }
}
