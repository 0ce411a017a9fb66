using System.Security.Cryptography;
using DataExchange.Hosting;
using Microsoft.Win32.SafeHandles;

namespace DataExchange.Broker.Audit;

/// <summary>
/// The log's folder, open for one writer: segments, the mark, the lock. Every method throws if the disk refuses; after that the state of
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
    private readonly byte[] _logId;
    private readonly SafeFileHandle _mark;
    private SafeFileHandle _segment;
    private long _segmentBytes;

    private AuditStore(AuditOptions options, FileStream folderLock, AuditRecovery found)
    {
        _options = options;
        _drive = new DriveInfo(Path.GetFullPath(options.Folder));
        _lock = folderLock;
        _logId = found.LogId;
        Count = found.Count;
        TornBytes = found.TornBytes;
        _segmentBytes = found.LastSegmentBytes;
        _segment = File.OpenHandle(found.LastSegmentPath, FileMode.Open, FileAccess.Write, FileShare.Read);
        _mark = File.OpenHandle(Path.Combine(options.Folder, MarkName), FileMode.OpenOrCreate, FileAccess.Write, FileShare.Read);
    }

    public ReadOnlySpan<byte> LogId => _logId;

    /// <summary>Entries durable so far: the index that the next one gets.</summary>
    public ulong Count { get; private set; }

    /// <summary>Bytes at the log's end that were cut off at the start: of a write that was never acknowledged.</summary>
    public long TornBytes { get; }

    /// <exception cref="AuditDamageException">Acknowledged entries are damaged or missing.</exception>
    /// <exception cref="IOException">Another process writes this log, or the disk refuses.</exception>
    public static AuditStore Open(AuditOptions options)
    {
        CreateFolder(options.Folder);
        var folderLock = new FileStream(Path.Combine(options.Folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        AuditStore? store = null;
        try
        {
            foreach (var unfinished in Directory.EnumerateFiles(options.Folder, "*" + UnfinishedExtension))
                File.Delete(unfinished);
            if (AuditRecovery.IsNew(options.Folder))
                CreateSegment(options.Folder, new SegmentHeader(RandomNumberGenerator.GetBytes(AuditFormat.LogIdBytes), 0, 0));

            store = new AuditStore(options, folderLock, AuditRecovery.Run(options));
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

    public void Dispose()
    {
        _segment.Dispose();
        _mark.Dispose();
        _lock.Dispose();
    }

    private void CutTornTail()
    {
        if (TornBytes > 0)
            RandomAccess.SetLength(_segment, _segmentBytes);
        // Whole frames may have reached the file before the process died and the disk not yet. From here on they count.
        Durability.Sync(_segment);
        WriteMark();
        Durability.Sync(_mark);
        Durability.SyncDirectory(_options.Folder);
    }

    private void StartSegment()
    {
        var next = CreateSegment(_options.Folder, new SegmentHeader(_logId, Count, _segmentBytes));
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

    /// <summary>A segment is there with a whole head or not at all.</summary>
    private static string CreateSegment(string folder, SegmentHeader header)
    {
        var path = Path.Combine(folder, SegmentFile.NameOf(header.FirstIndex));
        using (var file = File.OpenHandle(path + UnfinishedExtension, FileMode.CreateNew, FileAccess.Write))
        {
            RandomAccess.Write(file, AuditFormat.WriteHeader(header), 0);
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
