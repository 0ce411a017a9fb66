using Microsoft.Win32.SafeHandles;

namespace DataExchange.Broker.Audit;

/// <summary>Reads one segment's frames in order, each verified, with a buffer of fixed size. Not thread safe.</summary>
internal sealed class SegmentReader : IDisposable
{
    private const int BufferBytes = 1 << 20;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly SafeFileHandle _file;
    private readonly uint _seed;
    private int _start;
    private int _end;

    public SegmentReader(SegmentFile segment)
    {
        _file = File.OpenHandle(segment.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        _seed = AuditFormat.ChecksumSeed(segment.Header.LogId);
        Offset = AuditFormat.HeaderBytes;
        Index = segment.Header.FirstIndex;
    }

    /// <summary>Where the next frame begins.</summary>
    public long Offset { get; private set; }

    /// <summary>Index of the next frame's entry.</summary>
    public ulong Index { get; private set; }

    /// <summary>The length of the file as it is now.</summary>
    public long Length => RandomAccess.GetLength(_file);

    /// <summary>
    /// False at the end of the file and at the first frame that is not whole: then <see cref="Offset"/> is less than <see cref="Length"/>.
    /// The entry is valid until the next call.
    /// </summary>
    public bool TryRead(out ReadOnlyMemory<byte> entry)
    {
        entry = default;
        if (AuditFormat.FrameLength(Buffered) is var length && (length == 0 || length > Buffered.Length))
        {
            Fill();
            length = AuditFormat.FrameLength(Buffered);
        }

        if (length == 0 || length > Buffered.Length || !AuditFormat.IsWhole(_seed, Index, Buffered[..length]))
            return false;
        entry = _buffer.AsMemory(_start + AuditFormat.FrameOverheadBytes, length - AuditFormat.FrameOverheadBytes);
        _start += length;
        Offset += length;
        Index++;
        return true;
    }

    public void Dispose() => _file.Dispose();

    private ReadOnlySpan<byte> Buffered => _buffer.AsSpan(_start, _end - _start);

    private void Fill()
    {
        Buffered.CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        while (_end < AuditFormat.FrameBytesMax)
        {
            var read = RandomAccess.Read(_file, _buffer.AsSpan(_end), Offset + _end);
            if (read == 0)
                return;
            _end += read;
        }
    }
}
