namespace DataExchange.Broker.Audit;

/// <summary>What a start finds in the log's folder.</summary>
/// <param name="Count">Whole entries.</param>
/// <param name="LastSegmentBytes">Where the last whole frame ends.</param>
/// <param name="TornBytes">What stands behind it.</param>
internal sealed record AuditRecovery(byte[] LogId, ulong Count, string LastSegmentPath, long LastSegmentBytes, long TornBytes)
{
    public static bool IsNew(string folder) =>
        !File.Exists(Path.Combine(folder, AuditStore.MarkName)) && !Directory.EnumerateFiles(folder, "*" + SegmentFile.Extension).Any();

    /// <summary>
    /// Only a broken end of the last segment that the mark does not cover was never acknowledged and may be cut off. Anything else that
    /// is not as written is damage.
    /// </summary>
    /// <exception cref="AuditDamageException">Names segment, offset and entry.</exception>
    public static AuditRecovery Run(string folder, long verifiedAtStartBytes)
    {
        var segments = SegmentFile.List(folder);
        if (segments.Count == 0)
            throw new AuditDamageException(SegmentFile.NameOf(0), 0, 0, "every segment is missing");
        var last = segments[^1];
        var mark = ReadMark(folder, last.Header.LogId);

        VerifySealed(segments, verifiedAtStartBytes - last.Bytes);
        var (count, end, bytes) = Scan(last);
        if (count < (mark ?? 0))
            throw last.Damage(end, count, bytes > end ? "the frame is not whole" : $"entries up to {mark} were durable and are missing");
        if (bytes > end && mark is null)
            throw last.Damage(end, count, "the frame is not whole, and without the mark it cannot be told whether it was ever acknowledged");
        if (bytes - end > AuditLog.CommitBytesMax)
            throw last.Damage(end, count, "the frame is not whole, and more follows than one write can have left behind");
        return new AuditRecovery(last.Header.LogId, count, last.Path, end, bytes - end);
    }

    private static void VerifySealed(IReadOnlyList<SegmentFile> segments, long budgetBytes)
    {
        for (var at = segments.Count - 2; at >= 0 && budgetBytes > 0; at--)
        {
            var (count, end, bytes) = Scan(segments[at]);
            if (end < bytes)
                throw segments[at].Damage(end, count, "the frame is not whole");
            if (count != segments[at + 1].Header.FirstIndex)
                throw segments[at].Damage(end, count, $"the next segment begins with entry {segments[at + 1].Header.FirstIndex}");
            budgetBytes -= bytes;
        }
    }

    private static (ulong Count, long End, long Bytes) Scan(SegmentFile segment)
    {
        using var reader = new SegmentReader(segment);
        while (reader.TryRead(out _))
        {
        }

        return (reader.Index, reader.Offset, reader.Length);
    }

    private static ulong? ReadMark(string folder, byte[] logId)
    {
        var path = Path.Combine(folder, AuditStore.MarkName);
        return File.Exists(path) ? AuditFormat.ReadMark(logId, File.ReadAllBytes(path)) : null;
    }
}
