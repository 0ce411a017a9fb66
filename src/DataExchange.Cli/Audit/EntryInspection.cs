using DataExchange.Transparency;
using Google.Protobuf;

namespace DataExchange.Cli.Audit;

/// <summary>
/// Holds entries to the order of their times: a log can be written anew with its own key, but then it has to lie about when. And finds what
/// log it goes on from.
/// </summary>
/// <param name="origin">The log's.</param>
internal sealed class EntryInspection(string origin)
{
    /// <summary>An entry carries the moment it was asked at, and is written when it is answered: at most 30 s later, and clocks are not the same.</summary>
    private static readonly TimeSpan Leeway = TimeSpan.FromMinutes(1);

    public DateTimeOffset? First { get; private set; }

    /// <summary>The latest so far.</summary>
    public DateTimeOffset? Last { get; private set; }

    /// <summary>With which the log before this one ended; null for the first one of its hub.</summary>
    public Checkpoint? Predecessor { get; private set; }

    /// <returns>What is wrong with the entry, or null.</returns>
    public string? Inspect(ulong index, ReadOnlyMemory<byte> bytes)
    {
        if (Read(bytes) is not { RecordedAt: { } recorded } entry)
            return "it is no entry of an audit log";
        if (entry.Predecessor is { } named && InspectPredecessor(index, named) is { } fault)
            return fault;
        var at = recorded.ToDateTimeOffset();
        First ??= at;
        if (at + Leeway < Last)
            return $"back-dated: it says {at:O}, but an entry before it says {Last:O}";
        Last = Last > at ? Last : at;
        return null;
    }

    public LogFinding? CheckCosignatures(IEnumerable<DateTimeOffset> cosigned)
    {
        var after = cosigned.FirstOrDefault(moment => moment + Leeway < Last);
        return after == default ? null : new LogFinding(LogVerification.CheckpointFile, null, $"it was cosigned at {after:O}, before its last entry, which says {Last:O}");
    }

    private string? InspectPredecessor(ulong index, Wire.Predecessor named)
    {
        if (index > 0)
            return "it names a log before this one, as only a log's first entry does";
        if (LogOrigin.After(named.Origin) != origin || named.Root.Length != MerkleHash.Size)
            return $"it goes on from {named.Origin}, which is not the log before this one";
        Predecessor = new Checkpoint(named.Origin, named.Size, new MerkleHash(named.Root.Span));
        return null;
    }

    private static Wire.AuditEntry? Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            var entry = Wire.AuditEntry.Parser.ParseFrom(bytes.Span);
            _ = entry.RecordedAt?.ToDateTimeOffset();
            return entry;
        }
        catch (Exception unreadable) when (unreadable is InvalidProtocolBufferException or InvalidOperationException)
        {
            return null;
        }
    }
}
