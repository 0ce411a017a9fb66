using DataExchange.Broker.Audit;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Fuzzing.Targets;

/// <summary>
/// The audit log on disk: a mark and one segment, as they are and with every checksum made right, so that what lies behind the checksums is reached.
/// What is not as written is damage, named by file and place; what is read, framed again, is the segment byte for byte; nothing acknowledged is lost.
/// </summary>
internal static class SegmentTarget
{
    private static readonly AuditOptions Log = new() { Folder = Directory.CreateTempSubdirectory("fuzz-audit").FullName };

    private static readonly byte[] LogId = FuzzExchange.Counted(AuditFormat.LogIdBytes);

    public static bool Accepts(byte[] input)
    {
        var cut = Math.Min(AuditFormat.MarkBytes, input.Length);
        var (mark, segment) = (input[..cut], input[cut..]);
        return IsLog(mark, segment, input) | IsLog(mark, WithChecksums(segment), input);
    }

    public static IEnumerable<(string, byte[])> Seeds()
    {
        var three = Segment(3);
        yield return ("three-entries", [.. Mark(3), .. three]);
        yield return ("torn", [.. Mark(2), .. three[..^5]]);
        yield return ("acknowledged-and-lost", [.. Mark(3), .. three[..^5]]);
        yield return ("no-entries", [.. Mark(0), .. Segment(0)]);
        yield return ("head-only", [.. Mark(0), .. "DXAUDIT1"u8]);
    }

    private static bool IsLog(byte[] mark, byte[] segment, byte[] input)
    {
        var path = Path.Combine(Log.Folder, SegmentFile.NameOf(0));
        File.WriteAllBytes(path, segment);
        File.WriteAllBytes(Path.Combine(Log.Folder, AuditStore.MarkName), mark);
        try
        {
            var found = AuditRecovery.Run(Log.Folder, Log.VerifiedAtStartBytes);
            Must.Hold(found.LastSegmentBytes + found.TornBytes == segment.Length, "every byte is of an entry or torn");
            Must.Hold(found.Count >= (AuditFormat.ReadMark(found.LogId, mark) ?? 0), "nothing acknowledged is lost");
            HoldEntries(found, SegmentFile.List(Log.Folder)[0], segment);
            // What is asked of a log while it is written: up to its mark.
            var entries = (ulong)new AuditReader(Log.Folder).Read().LongCount();
            Must.Hold(entries <= found.Count, "a reader reads what is durable");
            return true;
        }
        catch (AuditDamageException damage)
        {
            // The segment's name is a number of its own.
            Must.Refuse(damage.Message.Replace(damage.File, "", StringComparison.Ordinal), input);
            return false;
        }
    }

    private static void HoldEntries(AuditRecovery found, SegmentFile file, byte[] segment)
    {
        var written = new List<byte>(AuditFormat.WriteHeader(file.Header));
        var seed = AuditFormat.ChecksumSeed(found.LogId);
        using var reader = new SegmentReader(file);
        for (var index = reader.Index; reader.TryRead(out var entry); index++)
        {
            Must.Hold(entry.Length is >= 1 and <= AuditFormat.EntryBytesMax, "an entry has its size");
            written.AddRange(Frame(seed, index, entry.Span));
        }

        Must.Hold(reader.Index == found.Count, "both readers read the same");
        Must.Hold(segment.AsSpan(0, (int)found.LastSegmentBytes).SequenceEqual(written.ToArray()), "entries framed again are the segment");
    }

    private static byte[] WithChecksums(byte[] bytes)
    {
        var segment = bytes.ToArray();
        if (segment.Length < AuditFormat.HeaderBytes)
            return segment;
        AuditFormat.WriteHeader(new SegmentHeader(LogId, 0, 0)).CopyTo(segment, 0);
        var seed = AuditFormat.ChecksumSeed(LogId);
        var left = segment.AsSpan(AuditFormat.HeaderBytes);
        for (var index = 0UL; AuditFormat.FrameLength(left) is > 0 and var length && length <= left.Length; index++)
        {
            AuditFormat.SealFrame(seed, index, left[..length]);
            left = left[length..];
        }

        return segment;
    }

    private static byte[] Segment(int entries)
    {
        var bytes = new List<byte>(AuditFormat.WriteHeader(new SegmentHeader(LogId, 0, 0)));
        for (var index = 0; index < entries; index++)
            bytes.AddRange(Frame(AuditFormat.ChecksumSeed(LogId), (ulong)index, Entry(index).ToByteArray()));
        return [.. bytes];
    }

    private static byte[] Frame(uint seed, ulong index, ReadOnlySpan<byte> entry)
    {
        byte[] frame = [.. new byte[AuditFormat.FrameOverheadBytes], .. entry];
        AuditFormat.PrepareFrame(frame);
        AuditFormat.SealFrame(seed, index, frame);
        return frame;
    }

    private static byte[] Mark(ulong count)
    {
        var mark = new byte[AuditFormat.MarkBytes];
        AuditFormat.WriteMark(LogId, count, mark);
        return mark;
    }

    private static Wire.AuditEntry Entry(int number) => new()
    {
        RecordedAt = Timestamp.FromDateTimeOffset(FuzzExchange.Noon.AddSeconds(number)),
        RequestId = $"request-{number}",
        Consumer = "housing",
        Purpose = "rent-subsidy",
    };
}
