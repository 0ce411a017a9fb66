using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using DataExchange.Hosting;
using Microsoft.Win32.SafeHandles;

namespace DataExchange.Broker.Audit;

/// <summary>
/// The log that is open, in its folder, for one writer: segments, the mark, and the lock above all logs. Every method throws if the disk refuses; after that the state of
/// the file is unknown and nothing more may be written. Not thread safe.
/// </summary>
internal sealed class AuditStore : IDisposable
{
    public const string MarkName = "durable";
    public const string LockName = "lock";
    private const string UnfinishedExtension = ".new";

    private readonly AuditOptions _options;
    private readonly DriveInfo _drive;
    private readonly FileStream _lock;
    private string _folder;
    private byte[] _logId;
    private SafeFileHandle _mark;
    private SafeFileHandle _segment;
    private long _segmentBytes;

    private AuditStore(AuditOptions options, FileStream folderLock, string folder)
    {
        _options = options;
        _drive = new DriveInfo(Path.GetFullPath(options.Folder));
        _lock = folderLock;
        Use(folder);
    }

    public ReadOnlySpan<byte> LogId => _logId;

    /// <summary>Entries durable so far: the index that the next one gets.</summary>
    public ulong Count { get; private set; }

    /// <summary>Bytes at the log's end that were cut off at the start: of a write that was never acknowledged.</summary>
    public long TornBytes { get; private set; }

    /// <exception cref="AuditDamageException">Acknowledged entries are damaged or missing.</exception>
    /// <exception cref="IOException">Another process writes this log, or the disk refuses.</exception>
    public static AuditStore Open(AuditOptions options)
    {
        CreateFolder(options.Folder);
        var folderLock = new FileStream(Path.Combine(options.Folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        AuditStore? store = null;
        try
        {
            foreach (var unfinished in Directory.EnumerateDirectories(options.Folder, "*" + UnfinishedExtension))
                Directory.Delete(unfinished, recursive: true);
            var folder = LogFolders.List(options.Folder)[^1];
            foreach (var unfinished in Directory.EnumerateFiles(folder, "*" + UnfinishedExtension))
                File.Delete(unfinished);
            if (AuditRecovery.IsNew(folder))
                CreateSegment(folder, new SegmentHeader(FirstId(), 0, 0), []);

            store = new AuditStore(options, folderLock, folder);
            store.CutTornTail();
            return store;
        }
        catch
        {
            store?.Dispose();
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Whether the disk has the free space that the options ask for. Thread safe.</summary>
    public bool HasRoom() => _options.FreeBytesMin == 0 || _drive.AvailableFreeSpace >= _options.FreeBytesMin;

    /// <summary>Returns once the frames, <paramref name="entries"/> of them, are durable and marked so.</summary>
    public void Append(ReadOnlySpan<byte> frames, int entries)
    {
        if (_segmentBytes >= _options.SegmentBytes)
            StartSegment();
        RandomAccess.Write(_segment, frames, _segmentBytes);
        Durability.Sync(_segment);
        _segmentBytes += frames.Length;
        Count += (ulong)entries;
        WriteMark();
    }

    /// <summary>Ends this log and opens the one after it, which is there with its first entry or not at all.</summary>
    public void BeginNext(ReadOnlySpan<byte> firstEntry)
    {
        // A closed log's mark is read for how far it goes, so it has to be as durable as the entries are.
        Durability.Sync(_mark);
        var logId = LogFolders.IdAfter(_logId);
        var folder = Path.Combine(_options.Folder, Convert.ToHexStringLower(logId));
        var unfinished = folder + UnfinishedExtension;
        Directory.CreateDirectory(unfinished);
        var frame = new byte[AuditFormat.FrameOverheadBytes + firstEntry.Length];
        firstEntry.CopyTo(frame.AsSpan(AuditFormat.FrameOverheadBytes));
        AuditFormat.PrepareFrame(frame);
        AuditFormat.SealFrame(AuditFormat.ChecksumSeed(logId), 0, frame);
        CreateSegment(unfinished, new SegmentHeader(logId, 0, 0), frame);
        Directory.Move(unfinished, folder);
        Durability.SyncDirectory(_options.Folder);

        _segment.Dispose();
        _mark.Dispose();
        Use(folder);
        WriteMark();
    }

    public void Dispose()
    {
        _segment.Dispose();
        _mark.Dispose();
        _lock.Dispose();
    }

    [MemberNotNull(nameof(_folder), nameof(_logId), nameof(_mark), nameof(_segment))]
    private void Use(string folder)
    {
        var found = AuditRecovery.Run(folder, _options.VerifiedAtStartBytes);
        _folder = folder;
        _logId = found.LogId;
        Count = found.Count;
        TornBytes = found.TornBytes;
        _segmentBytes = found.LastSegmentBytes;
        _segment = File.OpenHandle(found.LastSegmentPath, FileMode.Open, FileAccess.Write, FileShare.Read);
        _mark = File.OpenHandle(Path.Combine(folder, MarkName), FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
    }

    /// <summary>Random, but for the last four bytes: they count the logs that follow.</summary>
    private static byte[] FirstId()
    {
        var id = RandomNumberGenerator.GetBytes(AuditFormat.LogIdBytes);
        BinaryPrimitives.WriteUInt32BigEndian(id.AsSpan(AuditFormat.LogIdBytes - sizeof(uint)), 1);
        return id;
    }

    private void CutTornTail()
    {
        if (TornBytes > 0)
            RandomAccess.SetLength(_segment, _segmentBytes);
        // Whole frames may have reached the file before the process died and the disk not yet. From here on they count.
        Durability.Sync(_segment);
        WriteMark();
        Durability.Sync(_mark);
        Durability.SyncDirectory(_folder);
    }

    private void StartSegment()
    {
        var next = CreateSegment(_folder, new SegmentHeader(_logId, Count, _segmentBytes), []);
        _segment.Dispose();
        _segment = File.OpenHandle(next, FileMode.Open, FileAccess.Write, FileShare.Read);
        _segmentBytes = AuditFormat.HeaderBytes;
    }

    /// <summary>
    /// Not synced: the mark speaks only of what is durable already, so an older one is true as well. It outlives the process, and a loss
    /// of power takes from it at most what the system had not written back.
    /// </summary>
    private void WriteMark()
    {
        Span<byte> mark = stackalloc byte[AuditFormat.MarkBytes];
        AuditFormat.WriteMark(_logId, Count, mark);
        RandomAccess.Write(_mark, mark, 0);
    }

    /// <summary>A segment is there with a whole head, and the frames that it begins with, or not at all.</summary>
    private static string CreateSegment(string folder, SegmentHeader header, ReadOnlySpan<byte> frames)
    {
        var path = Path.Combine(folder, SegmentFile.NameOf(header.FirstIndex));
        using (var file = File.OpenHandle(path + UnfinishedExtension, FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.Write(file, AuditFormat.WriteHeader(header), 0);
            RandomAccess.Write(file, frames, AuditFormat.HeaderBytes);
            Durability.Sync(file);
        }

        File.Move(path + UnfinishedExtension, path);
        Durability.SyncDirectory(folder);
        return path;
    }

    private static void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
            return;
        var parent = Path.GetDirectoryName(Path.GetFullPath(folder))!;
        CreateFolder(parent);
        Directory.CreateDirectory(folder);
        Durability.SyncDirectory(parent);
    }
}
