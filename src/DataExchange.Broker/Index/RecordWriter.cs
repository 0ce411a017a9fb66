using System.Buffers.Binary;

namespace DataExchange.Broker.Index;

/// <summary>Writes one record after the other into one buffer that grows as needed. Entries MUST come in ascending order. Not thread safe.</summary>
internal sealed class RecordWriter
{
    private const int EntryOverheadMax = 64;

    private byte[] _buffer = new byte[4096];
    private int _length;
    private bool _inLinks;

    public void Start()
    {
        _buffer[0] = RecordFormat.Version;
        _length = 1;
        _inLinks = false;
    }

    /// <summary>Copies the entry that the reader stands at.</summary>
    public void Copy(ref readonly RecordReader entry)
    {
        StartEntry(entry.Key.IsLink, entry.Raw.Length);
        Append(entry.Raw);
    }

    public void Add(ref readonly Statement statement)
    {
        var key = statement.Key;
        var content = statement.Content.Span;
        StartEntry(key.IsLink, content.Length + EntryOverheadMax);
        if (key.IsLink)
        {
            key.Other.Write(_buffer.AsSpan(_length));
            _length += SubjectKey.Size;
        }
        else
        {
            AppendVarint((ulong)key.Attribute + 1);
        }

        AppendVarint(key.Stream);
        AppendVarint(statement.Sequence);
        _buffer[_length++] = (byte)statement.Flags;
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(_length), statement.AsOfTicks);
        _length += sizeof(long);
        if (key.IsLink)
            return;
        AppendVarint((ulong)content.Length);
        Append(content);
    }

    /// <returns>The record; valid until the next <see cref="Start"/>.</returns>
    public ReadOnlySpan<byte> Finish(SubjectKey subject)
    {
        StartEntry(isLink: true, RecordFormat.ChecksumBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(_length), RecordFormat.Checksum(subject, _buffer.AsSpan(0, _length)));
        _length += RecordFormat.ChecksumBytes;
        return _buffer.AsSpan(0, _length);
    }

    private void StartEntry(bool isLink, int bytesMax)
    {
        if (_length + 1 + bytesMax > _buffer.Length)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + 1 + bytesMax));
        if (isLink && !_inLinks)
        {
            _buffer[_length++] = 0;
            _inLinks = true;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += bytes.Length;
    }

    private void AppendVarint(ulong value)
    {
        for (; value >= 0x80; value >>= 7)
            _buffer[_length++] = (byte)(value | 0x80);
        _buffer[_length++] = (byte)value;
    }
}
