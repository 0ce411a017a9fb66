using System.Runtime.InteropServices;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Index.Sealing;
using Google.Protobuf;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Accesses;

/// <summary>Follows the audit log and notes which entry is about whom.</summary>
internal sealed partial class AccessFollower(
    AuditLog log, AccessIndex index, IOptions<AuditOptions> audit, IOptions<AccessOptions> options, TimeProvider clock, ILogger<AccessFollower> logger) : BackgroundService
{
    /// <summary>Entries noted in one write.</summary>
    private const int EntriesAtOnce = 1_000;

    /// <summary>After a fault: beginning again reads a segment.</summary>
    private static readonly TimeSpan PollPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(5);

    private readonly List<(Pseudonym, ulong)> _places = [];
    private AuditTail? _entries;
    private ulong _next;
    private bool _isFailing;

    /// <summary>Entries of the log that have been noted.</summary>
    public ulong Followed => Volatile.Read(ref _next);

    /// <summary>Waits until so many entries have been noted; false if that takes too long.</summary>
    public async Task<bool> ReachesAsync(ulong entries, TimeSpan limit, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        while (Followed < entries && clock.GetElapsedTime(started) < limit)
            await Task.Delay(PollPause, clock, cancellationToken);
        return Followed >= entries;
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
                while (_next < log.Count && !stoppingToken.IsCancellationRequested)
                    Follow(Math.Min(log.Count, _next + EntriesAtOnce));
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
        // Places of another log, or of entries that this one has not, come from a time that is over.
        if (index.Position is { } position && (position.LogId != log.LogId || position.Next > log.Count))
            index.Clear();
        Volatile.Write(ref _next, index.Position?.Next ?? 0);
        return new AuditTail(audit.Value.Folder, _next);
    }

    private void Follow(ulong end)
    {
        _places.Clear();
        for (var at = _next; at < end; at++)
        {
            if (SubjectOf(_entries!.Read()) is { } pseudonym)
                _places.Add((pseudonym, at));
        }

        index.Add(_places, log.LogId, end);
        Volatile.Write(ref _next, end);
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

    private static partial class Log
    {
        [LoggerMessage(3100, LogLevel.Error, "The list of accesses cannot follow the audit log; tried again until it can", EventName = "AccessesNotFollowed")]
        internal static partial void Failed(ILogger logger, Exception fault);
    }
}
