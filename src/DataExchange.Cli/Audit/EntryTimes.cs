using DataExchange.Transparency;
using Google.Protobuf;

namespace DataExchange.Cli.Audit;

/// <summary>Holds entries to the order of their times: a log can be written anew with its own key, but then it has to lie about when.</summary>
internal sealed class EntryTimes
{
    /// <summary>An entry carries the moment it was asked at, and is written when it is answered: at most 30 s later, and clocks are not the same.</summary>
    private static readonly TimeSpan Leeway = TimeSpan.FromMinutes(1);

    public DateTimeOffset? First { get; private set; }

    /// <summary>The latest so far.</summary>
    public DateTimeOffset? Last { get; private set; }

    /// <returns>What is wrong with the entry, or null.</returns>
    public string? Inspect(ReadOnlyMemory<byte> bytes)
    {
        if (Read(bytes) is not { } at)
            return "it is no entry of an audit log";
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

    private static DateTimeOffset? Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            return Wire.AuditEntry.Parser.ParseFrom(bytes.Span).RecordedAt?.ToDateTimeOffset();
        }
        catch (Exception unreadable) when (unreadable is InvalidProtocolBufferException or InvalidOperationException)
        {
            return null;
        }
    }
}
