using System.Buffers.Binary;
using DataExchange.Broker.Index.Sealing;

namespace DataExchange.Broker.Index;

/// <summary>Writes one record after the other into one buffer that grows as needed. Entries MUST come in ascending order. Not thread safe.</summary>
/// <param name="rows">The store's: records are written under the current one.</param>
internal sealed class RecordWriter(RowKeys rows)
{
    private const int EntryOverheadMax = 64;

    private byte[] _buffer = new byte[4096];
    private int _length;
    private bool _inLinks;
    private uint _generation;

    public RowKeys Rows => rows;

    /// <param name="secret">Wrapped; empty for none.</param>
    /// <param name="erasure">Null if the subject was never erased.</param>
    public void Start(ReadOnlySpan<byte> secret, ErasureMark? erasure)
    {
        _buffer[0] = RecordFormat.Version;
        _generation = rows.Current;
        _buffer[1] = (byte)((secret.IsEmpty ? 0 : RecordFormat.SecretPart) | (erasure is null ? 0 : RecordFormat.ErasurePart)
            | (_generation == 0 ? 0 : RecordFormat.GenerationPart));
        _length = 2;
        _inLinks = false;
        if (_generation != 0)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(_length), _generation);
            _length += sizeof(uint);
        }
        Append(secret);
        if (erasure is null)
            return;
        Ensure(EntryOverheadMax * (1 + erasure.Through.Count));
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(_length), erasure.AtTicks);
        _length += sizeof(long);
        AppendVarint((ulong)erasure.Through.Count);
        foreach (var (stream, sequence) in erasure.Through)
        {
            AppendVarint(stream);
            AppendVarint(sequence);
        }
    }

    /// <summary>Copies the entry that the reader stands at.</summary>
    public void Copy(ref readonly RecordReader entry)
    {
        if (entry.Key.IsLink && entry.Generation != _generation)
        {
            Add(entry.Key, entry.Sequence, entry.AsOfTicks, entry.Flags, default);
            return;
        }
        StartEntry(entry.Key.IsLink, entry.Raw.Length);
        Append(entry.Raw);
    }

    public void Add(EntryKey key, ulong sequence, long asOfTicks, EntryFlags flags, ReadOnlySpan<byte> content)
    {
        StartEntry(key.IsLink, content.Length + EntryOverheadMax);
        if (key.IsLink)
        {
            rows.RowOf(key.Other, _generation).Write(_buffer.AsSpan(_length));
            _length += SubjectKey.Size;
        }
        else
        {
            AppendVarint((ulong)key.Attribute + 1);
        }

        AppendVarint(key.Stream);
        AppendVarint(sequence);
        _buffer[_length++] = (byte)flags;
        BinaryPrimitives.WriteInt64LittleEndian(_buffer.AsSpan(_length), asOfTicks);
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
        BinaryPrimitives.WriteUInt32LittleEndian(_buffer.AsSpan(_length), RecordFormat.Checksum(rows.RowOf(subject, _generation), _buffer.AsSpan(0, _length)));
        _length += RecordFormat.ChecksumBytes;
        return _buffer.AsSpan(0, _length);
    }

    private void StartEntry(bool isLink, int bytesMax)
    {
        Ensure(1 + bytesMax);
        if (isLink && !_inLinks)
        {
            _buffer[_length++] = 0;
            _inLinks = true;
        }
    }

    private void Ensure(int bytes)
    {
        if (_length + bytes > _buffer.Length)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + bytes));
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
