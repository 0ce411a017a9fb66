using DataExchange.Broker.Audit;
using DataExchange.Transparency;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Publication;

/// <summary>When a log ends, and how the next one names it. See docs/audit-log.md.</summary>
internal sealed class LogRotation(PublishedLogs logs, IOptions<AuditOptions> audit, TimeProvider clock)
{
    private (string LogId, DateTimeOffset Begun)? _open;

    /// <summary>Whether the log that is open has gone on for long enough. Not thread safe.</summary>
    public bool IsDue()
    {
        if (logs.Newest.Current?.Checkpoint.Size is null or 0)
            return false;
        if (_open?.LogId != logs.Newest.LogId)
            _open = (logs.Newest.LogId, TimeOf(logs.Newest, 0));
        return clock.GetUtcNow() - _open.Value.Begun >= audit.Value.RotateEvery;
    }

    /// <summary>The next log's first entry.</summary>
    public byte[] FirstEntry(Checkpoint head) => new Wire.AuditEntry
    {
        RecordedAt = clock.GetUtcNow().ToTimestamp(),
        Predecessor = new Wire.Predecessor { Origin = head.Origin, Size = head.Size, Root = ByteString.CopyFrom(head.Root.ToArray()) },
    }.ToByteArray();

    /// <summary>Whether the log is published to its very end, and named so by the one after it.</summary>
    /// <exception cref="AuditDamageException">One of the two is damaged.</exception>
    public bool IsClosed(PublishedLog log, PublishedLog next)
    {
        if (log.Current?.Checkpoint is not { } head || EntriesOf(log).Count != head.Size)
            return false;
        var named = EntriesOf(next)[0].Predecessor;
        return named is not null && named.Origin == head.Origin && named.Size == head.Size && named.Root.Span.SequenceEqual(head.Root.ToArray());
    }

    /// <summary>Whether the log's last entry is older than entries are kept. MUST have been published.</summary>
    public bool IsOver(PublishedLog log) => log.Current?.Checkpoint.Size is { } size and > 0 && clock.GetUtcNow() - TimeOf(log, size - 1) > audit.Value.Retention;

    private AuditReader EntriesOf(PublishedLog log) => new(LogFolders.Of(audit.Value.Folder, log.LogId));

    private static DateTimeOffset TimeOf(PublishedLog log, ulong index) =>
        Wire.AuditEntry.Parser.ParseFrom(log.ReadEntry(index, log.Current!.Checkpoint.Size).Span).RecordedAt.ToDateTimeOffset();
}
