using System.Globalization;

namespace DataExchange.Broker.Audit;

/// <summary>One file of the log: <c>00000000000000001234.seg</c>, named after its first entry's index.</summary>
internal sealed record SegmentFile(string Path, SegmentHeader Header, long Bytes)
{
    public const string Extension = ".seg";

    public string Name => System.IO.Path.GetFileName(Path);

    public static string NameOf(ulong firstIndex) => firstIndex.ToString("D20", CultureInfo.InvariantCulture) + Extension;

    /// <summary>All segments of the folder in order, their heads verified: one log, no segment missing between two, each sealed one as long as it was when sealed.</summary>
    /// <exception cref="AuditDamageException">They are not.</exception>
    public static IReadOnlyList<SegmentFile> List(string folder)
    {
        var segments = new List<SegmentFile>();
        foreach (var path in Directory.EnumerateFiles(folder, "*" + Extension).Order(StringComparer.Ordinal))
        {
            var segment = Open(path);
            Check(segment, segments.Count == 0 ? null : segments[^1]);
            segments.Add(segment);
        }

        return segments;
    }

    public AuditDamageException Damage(long offset, ulong index, string what) => new(Name, offset, index, what);

    private static SegmentFile Open(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var head = new byte[AuditFormat.HeaderBytes];
        var read = RandomAccess.Read(file, head, 0);
        return AuditFormat.ReadHeader(head.AsSpan(0, read)) is { } header
            ? new SegmentFile(path, header, RandomAccess.GetLength(file))
            : throw new AuditDamageException(System.IO.Path.GetFileName(path), 0, FirstIndexOf(path), "the segment's head is not whole");
    }

    private static void Check(SegmentFile segment, SegmentFile? previous)
    {
        var header = segment.Header;
        if (segment.Name != NameOf(header.FirstIndex))
            throw segment.Damage(0, header.FirstIndex, "the segment's name is not its first entry's index");
        if (previous is null && header.FirstIndex != 0)
            throw segment.Damage(0, 0, "every segment before this one is missing");
        if (previous is null)
            return;
        if (!header.LogId.AsSpan().SequenceEqual(previous.Header.LogId))
            throw segment.Damage(0, header.FirstIndex, "the segment belongs to another log");
        if (header.PreviousBytes != previous.Bytes)
            throw previous.Damage(previous.Bytes, header.FirstIndex, $"the sealed segment had {header.PreviousBytes} bytes, or one after it is missing");
    }

    private static ulong FirstIndexOf(string path) =>
        ulong.TryParse(System.IO.Path.GetFileNameWithoutExtension(path), NumberStyles.None, CultureInfo.InvariantCulture, out var index) ? index : 0;
}
