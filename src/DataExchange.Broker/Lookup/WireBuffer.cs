using System.Text;
using Google.Protobuf;

namespace DataExchange.Broker.Lookup;

/// <summary>
/// Writes protobuf's wire format front to back, for messages whose parts are bytes already: an answer is written once, and what is hashed
/// is what leaves. As in generated code, fields MUST come in the order of their numbers and scalars that are zero or empty are left out,
/// so that whoever parses and serializes again gets the same bytes. Field numbers up to 2,047. Not thread safe.
/// </summary>
internal sealed class WireBuffer
{
    private const int TagBytesMax = 2;
    private const int VarintBytesMax = 10;
    private const int KeptBytesMax = 1 << 20;

    [ThreadStatic]
    private static WireBuffer? _ofThread;

    private byte[] _bytes = new byte[4_096];
    private int _length;

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>The calling thread's own, empty. MUST NOT be kept over an await.</summary>
    public static WireBuffer OfThread()
    {
        if (_ofThread is not { } buffer || buffer._bytes.Length > KeptBytesMax)
            _ofThread = buffer = new WireBuffer();
        buffer._length = 0;
        return buffer;
    }

    /// <summary>An integer or an enum.</summary>
    public void Number(int field, ulong value)
    {
        if (value != 0)
            WriteNumber(field, value);
    }

    /// <summary>A string or bytes.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
            Message(field, value);
    }

    /// <summary>A string, in parts.</summary>
    public void Text(int field, params ReadOnlySpan<string> parts)
    {
        var before = _length;
        var start = Open(field);
        foreach (var part in parts)
        {
            Ensure(Encoding.UTF8.GetMaxByteCount(part.Length));
            _length += Encoding.UTF8.GetBytes(part, _bytes.AsSpan(_length));
        }

        if (_length > start)
            Close(start);
        else
            _length = before;
    }

    /// <summary>A message that is serialized already; there even when it is empty, as is each element of a repeated field.</summary>
    public void Message(int field, ReadOnlySpan<byte> serialized)
    {
        Ensure(TagBytesMax + VarintBytesMax + serialized.Length);
        WriteTag(field, WireFormat.WireType.LengthDelimited);
        WriteVarint((ulong)serialized.Length);
        serialized.CopyTo(_bytes.AsSpan(_length));
        _length += serialized.Length;
    }

    /// <summary>A <see cref="Google.Protobuf.WellKnownTypes.Timestamp"/>.</summary>
    public void Moment(int field, DateTimeOffset moment) => Ticks(field, moment.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks);

    /// <summary>A <see cref="Google.Protobuf.WellKnownTypes.Duration"/>.</summary>
    /// <param name="span">Not negative.</param>
    public void Span(int field, TimeSpan span) => Ticks(field, span.Ticks);

    /// <summary>Begins a message; what is written until <see cref="Close"/> is its content.</summary>
    /// <returns>To be closed with.</returns>
    public int Open(int field)
    {
        Ensure(TagBytesMax + VarintBytesMax);
        WriteTag(field, WireFormat.WireType.LengthDelimited);
        // Most contents are shorter than 128 bytes, so that their length takes one.
        return ++_length;
    }

    public void Close(int start)
    {
        var content = _length - start;
        var lengthBytes = CodedOutputStream.ComputeLengthSize(content);
        if (lengthBytes > 1)
        {
            Ensure(lengthBytes);
            _bytes.AsSpan(start, content).CopyTo(_bytes.AsSpan(start + lengthBytes - 1));
        }

        _length = start - 1;
        WriteVarint((ulong)content);
        _length += content;
    }

    // A Timestamp counts its nanoseconds forward from the second before.
    private void Ticks(int field, long ticks)
    {
        var (seconds, rest) = Math.DivRem(ticks, TimeSpan.TicksPerSecond);
        if (rest < 0)
            (seconds, rest) = (seconds - 1, rest + TimeSpan.TicksPerSecond);
        var start = Open(field);
        Number(1, (ulong)seconds);
        Number(2, (ulong)(rest * TimeSpan.NanosecondsPerTick));
        Close(start);
    }

    private void WriteNumber(int field, ulong value)
    {
        Ensure(TagBytesMax + VarintBytesMax);
        WriteTag(field, WireFormat.WireType.Varint);
        WriteVarint(value);
    }

    private void WriteTag(int field, WireFormat.WireType type) => WriteVarint(WireFormat.MakeTag(field, type));

    private void WriteVarint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _bytes[_length++] = (byte)(value | 0x80);
        _bytes[_length++] = (byte)value;
    }

    private void Ensure(int more)
    {
        if (_length + more > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + more));
    }
}
