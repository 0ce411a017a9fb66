using System.Buffers.Binary;
using DataExchange.Transparency;

namespace DataExchange.Broker.Audit;

/// <summary>
/// The log's bytes, described for other readers in docs/audit-log.md. A frame is a checksum of 4 bytes before what a C2SP tlog-tiles
/// entry bundle holds for the entry: its length as 2 bytes, then the entry. All numbers are big-endian.
/// </summary>
internal static class AuditFormat
{
    public const int EntryBytesMax = ushort.MaxValue;
    public const int FrameOverheadBytes = sizeof(uint) + sizeof(ushort);
    public const int FrameBytesMax = FrameOverheadBytes + EntryBytesMax;
    public const int LogIdBytes = 16;
    public const int HeaderBytes = 44;
    public const int MarkBytes = 28;

    private static ReadOnlySpan<byte> Magic => "DXAUDIT1"u8;

    /// <summary>Where a frame's checksum starts: bound to the log, so that a frame of another log is none of this one.</summary>
    public static uint ChecksumSeed(ReadOnlySpan<byte> logId) => Crc32C.Update(uint.MaxValue, logId);

    /// <summary>
    /// Prepares the frame of the entry that stands at <paramref name="frame"/>[6..]: writes its length and gives its leaf hash.
    /// The checksum has to wait until the entry's index is known.
    /// </summary>
    public static byte[] PrepareFrame(Span<byte> frame)
    {
        // RFC 6962 hashes 0x00 || entry; the length's last byte lends its place, which saves a copy.
        frame[FrameOverheadBytes - 1] = 0;
        var leafHash = new byte[Sha256.Bytes];
        Sha256.Hash(frame[(FrameOverheadBytes - 1)..], [], leafHash);
        BinaryPrimitives.WriteUInt16BigEndian(frame[sizeof(uint)..], checked((ushort)(frame.Length - FrameOverheadBytes)));
        return leafHash;
    }

    /// <summary>The frame's checksum: over log id, index, length and entry.</summary>
    public static uint Checksum(uint seed, ulong index, ReadOnlySpan<byte> frame)
    {
        Span<byte> position = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(position, index);
        return ~Crc32C.Update(Crc32C.Update(seed, position), frame[sizeof(uint)..]);
    }

    public static void SealFrame(uint seed, ulong index, Span<byte> frame) =>
        BinaryPrimitives.WriteUInt32BigEndian(frame, Checksum(seed, index, frame));

    /// <summary>The length of the whole frame that <paramref name="data"/> starts with, or 0 if its head is not complete or names no entry.</summary>
    public static int FrameLength(ReadOnlySpan<byte> data)
    {
        if (data.Length < FrameOverheadBytes)
            return 0;
        var entryBytes = BinaryPrimitives.ReadUInt16BigEndian(data[sizeof(uint)..]);
        return entryBytes == 0 ? 0 : FrameOverheadBytes + entryBytes;
    }

    public static bool IsWhole(uint seed, ulong index, ReadOnlySpan<byte> frame) =>
        BinaryPrimitives.ReadUInt32BigEndian(frame) == Checksum(seed, index, frame);

    /// <summary>Head of a segment file: magic 8, log id 16, index of the first entry 8, length in bytes of the segment before 8, checksum 4.</summary>
    public static byte[] WriteHeader(SegmentHeader header)
    {
        var bytes = new byte[HeaderBytes];
        Magic.CopyTo(bytes);
        header.LogId.CopyTo(bytes.AsSpan(8));
        BinaryPrimitives.WriteUInt64BigEndian(bytes.AsSpan(24), header.FirstIndex);
        BinaryPrimitives.WriteInt64BigEndian(bytes.AsSpan(32), header.PreviousBytes);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(40), Crc32C.Of(bytes.AsSpan(0, 40)));
        return bytes;
    }

    public static SegmentHeader? ReadHeader(ReadOnlySpan<byte> bytes) =>
        bytes.Length == HeaderBytes && bytes.StartsWith(Magic) && BinaryPrimitives.ReadUInt32BigEndian(bytes[40..]) == Crc32C.Of(bytes[..40])
            ? new SegmentHeader(bytes.Slice(8, LogIdBytes).ToArray(), BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]), BinaryPrimitives.ReadInt64BigEndian(bytes[32..]))
            : null;

    /// <summary>The mark: log id 16, number of durable entries 8, checksum 4.</summary>
    public static void WriteMark(ReadOnlySpan<byte> logId, ulong count, Span<byte> bytes)
    {
        logId.CopyTo(bytes);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[16..], count);
        BinaryPrimitives.WriteUInt32BigEndian(bytes[24..], Crc32C.Of(bytes[..24]));
    }

    /// <summary>The number of entries known to be durable, or null if the mark is damaged or another log's.</summary>
    public static ulong? ReadMark(ReadOnlySpan<byte> logId, ReadOnlySpan<byte> bytes) =>
        bytes.Length == MarkBytes && bytes.StartsWith(logId) && BinaryPrimitives.ReadUInt32BigEndian(bytes[24..]) == Crc32C.Of(bytes[..24])
            ? BinaryPrimitives.ReadUInt64BigEndian(bytes[16..])
            : null;
}

/// <param name="PreviousBytes">Length of the sealed segment before; 0 for the first.</param>
internal readonly record struct SegmentHeader(byte[] LogId, ulong FirstIndex, long PreviousBytes);
