namespace DataExchange.Broker.Audit;

/// <summary>Follows a log's entries in order, also while a process writes them. Verifies each frame it passes. Not thread safe.</summary>
internal sealed class AuditTail : IDisposable
{
    private readonly string _folder;
    private SegmentFile _segment;
    private SegmentReader _reader;

    /// <param name="folder">Of the log.</param>
    /// <param name="from">Index of the entry to begin with; one that is durable, or the next.</param>
    /// <exception cref="AuditDamageException">Segments are missing, or a frame before that entry is not whole.</exception>
    public AuditTail(string folder, ulong from)
    {
        _folder = folder;
        var segments = SegmentFile.List(folder);
        _segment = segments.LastOrDefault(segment => segment.Header.FirstIndex <= from)
            ?? throw new AuditDamageException(SegmentFile.NameOf(0), 0, 0, "there is no segment");
        _reader = new SegmentReader(_segment);
        while (_reader.Index < from)
            Read();
    }

    /// <summary>Index of the entry that comes next.</summary>
    public ulong Index => _reader.Index;

    /// <summary>The next entry, as the bytes that were hashed; valid until the next call. MUST be durable: see <see cref="AuditLog.Count"/>.</summary>
    /// <exception cref="AuditDamageException">The frame is not whole.</exception>
    public ReadOnlyMemory<byte> Read()
    {
        if (_reader.TryRead(out var entry))
            return entry;
        var next = SegmentFile.List(_folder).FirstOrDefault(segment => segment.Header.FirstIndex == _reader.Index && segment.Name != _segment.Name);
        if (next is null || _reader.Offset < _reader.Length)
            throw _segment.Damage(_reader.Offset, _reader.Index, "the frame is not whole");
        _reader.Dispose();
        (_segment, _reader) = (next, new SegmentReader(next));
        return Read();
    }

    public void Dispose() => _reader.Dispose();
}
