using System.Runtime.InteropServices;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Broker.Publication;
using Google.Protobuf;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Accesses;

/// <summary>Follows the audit logs, one after the other, and notes which entry is about whom.</summary>
internal sealed partial class AccessFollower(
    AuditLog log, PublishedLogs kept, AccessIndex index, IOptions<AuditOptions> audit, IOptions<AccessOptions> options, TimeProvider clock, ILogger<AccessFollower> logger) : BackgroundService
{
    /// <summary>Entries noted in one write.</summary>
    private const int EntriesAtOnce = 1_000;

    /// <summary>After a fault: beginning again reads a segment.</summary>
    private static readonly TimeSpan PollPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    private readonly List<(Pseudonym, ulong)> _places = [];
    private AuditTail? _entries;
    private volatile Place _place = new("", 0);
    private string _oldest = "";
    private bool _isFailing;

    /// <summary>Waits until so many entries of that log have been noted, and all logs before it; false if that takes too long.</summary>
    public async Task<bool> ReachesAsync(string logId, ulong entries, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (!_place.IsAtOrBehind(logId, entries) && clock.GetElapsedTime(started) < limit)
            await Task.Delay(PollPause, clock, cancellationToken);
        return _place.IsAtOrBehind(logId, entries);
    }

    public override void Dispose()
    {
        _entries?.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.FollowInterval, clock);
        do
        {
            try
            {
                _entries ??= Begin();
                Forget();
                while (!stoppingToken.IsCancellationRequested && Ahead() is { } end)
                    Follow(end);
                _isFailing = false;
            }
            catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or AuditDamageException or RocksDbSharp.RocksDbException)
            {
                if (!_isFailing)
                    Log.Failed(logger, fault);
                _isFailing = true;
                _entries?.Dispose();
                _entries = null;
                await Task.Delay(RetryPause, clock, stoppingToken);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private AuditTail Begin()
    {
        // Places of a log that is gone, or of entries that it has not, come from a time that is over.
        var logs = AuditReader.OfAll(audit.Value.Folder);
        if (index.Position is not { } position || !logs.Any(known => known.LogId == position.LogId && position.Next <= known.Count))
        {
            index.Clear();
            position = (logs[0].LogId, 0);
        }

        _place = new Place(position.LogId, position.Next);
        return new AuditTail(FolderOf(position.LogId), position.Next);
    }

    /// <summary>Logs that are kept no more.</summary>
    private void Forget()
    {
        if (kept.All[0].LogId == _oldest)
            return;
        index.DropBefore(kept.All[0].LogId);
        _oldest = kept.All[0].LogId;
    }

    /// <summary>Up to where the next step goes, in the log after this one where this one is closed; null when all is noted.</summary>
    private ulong? Ahead()
    {
        var open = log.CountOf(_place.LogId);
        var count = open ?? new AuditReader(FolderOf(_place.LogId)).Count;
        if (_place.Next < count)
            return Math.Min(count, _place.Next + EntriesAtOnce);
        if (open is not null)
            return null;
        _place = new Place(Convert.ToHexStringLower(LogFolders.IdAfter(Convert.FromHexString(_place.LogId))), 0);
        _entries!.Dispose();
        _entries = new AuditTail(FolderOf(_place.LogId), 0);
        return Ahead();
    }

    private string FolderOf(string logId) => LogFolders.Of(audit.Value.Folder, logId);

    private void Follow(ulong end)
    {
        _places.Clear();
        for (var at = _place.Next; at < end; at++)
        {
            if (SubjectOf(_entries!.Read()) is { } pseudonym)
                _places.Add((pseudonym, at));
        }

        index.Add(_places, _place.LogId, end);
        _place = _place with { Next = end };
    }

    /// <summary>The one field that counts here, without making an object of each entry.</summary>
    private static Pseudonym? SubjectOf(ReadOnlyMemory<byte> entry)
    {
        var content = MemoryMarshal.TryGetArray(entry, out var where) ? where : entry.ToArray();
        var reader = new CodedInputStream(content.Array!, content.Offset, content.Count);
        const uint Wanted = (Wire.AuditEntry.SubjectKeyFieldNumber << 3) | (uint)WireFormat.WireType.LengthDelimited;
        for (var tag = reader.ReadTag(); tag != 0; tag = reader.ReadTag())
        {
            if (tag == Wanted)
                return reader.ReadBytes() is { Length: Pseudonym.Size } bytes ? Pseudonym.Read(bytes.Span) : null;
            reader.SkipLastField();
        }

        return null;
    }

    /// <param name="Next">The entry that comes next.</param>
    private sealed record Place(string LogId, ulong Next)
    {
        /// <summary>Ids of logs that follow each other are in order.</summary>
        public bool IsAtOrBehind(string logId, ulong entries) => string.CompareOrdinal(LogId, logId) is var order && (order > 0 || (order == 0 && Next >= entries));
    }

    private static partial class Log
    {
        [LoggerMessage(3100, LogLevel.Error, "The list of accesses cannot follow the audit log; tried again until it can", EventName = "AccessesNotFollowed")]
        internal static partial void Failed(ILogger logger, Exception fault);
    }
}
