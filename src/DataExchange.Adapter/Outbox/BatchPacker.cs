using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Adapter;

/// <summary>
/// Builds one <see cref="Wire.ChangeBatch"/> after the other. Each change is serialized once, straight into the batch's buffer: header
/// bytes followed by change fields are the message, whatever the order of their numbers. Not thread safe.
/// </summary>
internal sealed class BatchPacker
{
    // A header is at most 2+63 (department), 2+16 (epoch), 1+10 (sequence), 2+17 (time) and 2 (loading) bytes.
    private const int HeaderBytesMax = 128;
    private const byte ChangesTag = (Wire.ChangeBatch.ChangesFieldNumber << 3) | (byte)WireFormat.WireType.LengthDelimited;

    private readonly Wire.ChangeBatch _header;
    private readonly int _changesMax;
    private readonly int _bytesMax;
    private byte[] _fields = new byte[16 * 1024];
    private int _length;

    public BatchPacker(string department, ByteString epoch, int changesMax, int bytesMax)
    {
        _header = new Wire.ChangeBatch { Department = department, StreamEpoch = epoch };
        _changesMax = changesMax;
        _bytesMax = bytesMax - HeaderBytesMax;
    }

    public int Count { get; private set; }

    public bool IsFull => Count >= _changesMax;

    /// <summary>False, and nothing changed, when the batch must be sealed first. An empty batch takes any change within the limit.</summary>
    /// <exception cref="ChangeRefusedException">The change alone is over the size of a batch.</exception>
    public bool TryAdd(Wire.Change change)
    {
        var size = change.CalculateSize();
        var field = 1 + CodedOutputStream.ComputeLengthSize(size) + size;
        if (field > _bytesMax)
            throw new ChangeRefusedException(new FieldError("change", "must fit in one batch"));
        if (IsFull || _length + field > _bytesMax)
            return false;

        if (_length + field > _fields.Length)
            Array.Resize(ref _fields, Math.Max(_fields.Length * 2, _length + field));
        _fields[_length++] = ChangesTag;
        WriteLength(size);
        change.WriteTo(_fields.AsSpan(_length, size));
        _length += size;
        Count++;
        return true;
    }

    /// <summary>The batch so far, and an empty packer.</summary>
    /// <param name="loading">The source has not been read to an end yet.</param>
    public OutboxBatch Seal(ulong firstSequence, DateTimeOffset packedAt, bool loading = false)
    {
        var header = WriteHeader(firstSequence, packedAt, loading);
        var payload = new byte[header.Length + _length];
        header.CopyTo(payload, 0);
        _fields.AsSpan(0, _length).CopyTo(payload.AsSpan(header.Length));
        var batch = new OutboxBatch(firstSequence, firstSequence + (ulong)Count - 1, payload);
        (_length, Count) = (0, 0);
        return batch;
    }

    private byte[] WriteHeader(ulong firstSequence, DateTimeOffset packedAt, bool loading)
    {
        _header.Loading = loading;
        _header.FirstSequence = firstSequence;
        _header.PackedAt = Timestamp.FromDateTimeOffset(packedAt);
        return _header.ToByteArray();
    }

    private void WriteLength(int value)
    {
        for (; value > 0x7F; value >>= 7)
            _fields[_length++] = (byte)(value | 0x80);
        _fields[_length++] = (byte)value;
    }
}
