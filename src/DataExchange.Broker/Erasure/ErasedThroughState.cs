using System.Buffers.Binary;
using System.Text;
using DataExchange.Broker.Index;

namespace DataExchange.Broker.Erasure;

/// <summary>Up to where the index has carried out the erasures of one audit log: it lies in the index, so that a restored one says what it lacks.</summary>
internal static class ErasedThroughState
{
    /// <returns>The first entry of the log that may hold an erasure to be carried out.</returns>
    public static ulong Read(SubjectIndex index, string logId)
    {
        var state = index.ReadState(StateKeys.ErasedThrough);
        return state is { Length: > sizeof(ulong) } && Encoding.ASCII.GetString(state.AsSpan(sizeof(ulong))) == logId ? BinaryPrimitives.ReadUInt64BigEndian(state) : 0;
    }

    public static (byte[] Key, byte[]? Value) Of(string logId, ulong next)
    {
        var state = new byte[sizeof(ulong) + logId.Length];
        BinaryPrimitives.WriteUInt64BigEndian(state, next);
        Encoding.ASCII.GetBytes(logId, state.AsSpan(sizeof(ulong)));
        return (StateKeys.ErasedThrough.ToArray(), state);
    }
}
