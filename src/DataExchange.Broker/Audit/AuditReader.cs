namespace DataExchange.Broker.Audit;

/// <summary>Reads a log's durable entries, also while a process writes it. Verifies each frame it passes.</summary>
internal sealed class AuditReader
{
    private readonly string _folder;

    /// <param name="folder">The log's own: see <see cref="LogFolders"/>.</param>
    /// <exception cref="AuditDamageException">Segments are missing or their heads damaged, or the mark is.</exception>
    public AuditReader(string folder)
    {
        _folder = folder;
        var segments = SegmentFile.List(folder);
        if (segments.Count == 0)
            throw new AuditDamageException(SegmentFile.NameOf(0), 0, 0, "there is no segment");
        var logId = segments[0].Header.LogId;
        LogId = Convert.ToHexStringLower(logId);
        Count = AuditFormat.ReadMark(logId, File.ReadAllBytes(Path.Combine(folder, AuditStore.MarkName)))
            ?? throw new AuditDamageException(AuditStore.MarkName, 0, 0, "the mark is not whole");
    }

    /// <summary>Of all logs that are there, oldest first.</summary>
    public static IReadOnlyList<AuditReader> OfAll(string root) => [.. LogFolders.List(root).Select(folder => new AuditReader(folder))];

    public string LogId { get; }

    /// <summary>Entries durable when the reader was made.</summary>
    public ulong Count { get; }

    /// <summary>Entries <paramref name="from"/> up to <see cref="Count"/> in order, as the bytes that were hashed; each valid until the next.</summary>
    /// <exception cref="AuditDamageException">A frame on the way is not whole.</exception>
    public IEnumerable<ReadOnlyMemory<byte>> Read(ulong from = 0)
    {
        using var tail = new AuditTail(_folder, from);
        while (tail.Index < Count)
            yield return tail.Read();
    }

    /// <exception cref="ArgumentOutOfRangeException">There is no such entry yet.</exception>
    public Wire.AuditEntry this[ulong index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            return Wire.AuditEntry.Parser.ParseFrom(Read(index).First().Span);
        }
    }
}
