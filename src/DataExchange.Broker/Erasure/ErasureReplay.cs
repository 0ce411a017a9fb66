using System.Buffers.Binary;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;
using DataExchange.Transparency;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Erasure;

/// <summary>
/// Carries out what the audit logs hold of erasures and the index does not: after a crash between the two, and in an index restored from a
/// backup that is older. Erased subjects are recognised by their pseudonyms, which the restored secrets still give.
/// </summary>
internal sealed partial class ErasureReplay(SubjectIndex index, IOptions<AuditOptions> options, ILogger<ErasureReplay> logger)
{
    /// <summary>MUST have ended before anything is looked up.</summary>
    /// <exception cref="InvalidOperationException">The index cannot be written: it must not answer about who should be erased.</exception>
    public async Task RunAsync()
    {
        var logs = AuditReader.OfAll(options.Value.Folder);
        var done = ErasedThroughState.Read(index);
        RequireKept(logs[0].LogId, done.LogId);
        if (done.LogId == logs[^1].LogId && done.Next >= logs[^1].Count)
            return;
        var erasures = Read(logs, done).ToList();
        var subjects = erasures.Count == 0 ? [] : index.FindSubjects(erasures.SelectMany(PseudonymsOf).ToHashSet());
        foreach (var erasure in erasures)
        {
            SubjectKey[] erased = [.. PseudonymsOf(erasure).Where(subjects.ContainsKey).Select(pseudonym => subjects[pseudonym])];
            if (erased.Length == 0)
                continue;
            var through = erasure.Erasure.Streams.Select(stream =>
                (DepartmentId.Parse(stream.Department), BinaryPrimitives.ReadUInt128BigEndian(stream.StreamEpoch.Span), stream.Sequence));
            Require(await index.EraseAsync(erased, erasure.RecordedAt.ToDateTimeOffset(), through, state: null));
            Log.CarriedOut(logger, erased.Length);
        }

        Require(await index.EraseAsync([], default, [], ErasedThroughState.Of(logs[^1].LogId, logs[^1].Count)));
    }

    /// <summary>All of the log where the index has not carried out any, or the log is not known.</summary>
    private static IEnumerable<Wire.AuditEntry> Read(IReadOnlyList<AuditReader> logs, (string LogId, ulong Next) done)
    {
        var open = logs.SkipWhile(log => log.LogId != done.LogId).ToList() is { Count: > 0 } known ? known : logs;
        foreach (var bytes in open.SelectMany(log => log.Read(log.LogId == done.LogId ? done.Next : 0)))
        {
            var entry = Wire.AuditEntry.Parser.ParseFrom(bytes.Span);
            if (entry.Erasure is not null)
                yield return entry;
        }
    }

    private static IEnumerable<Pseudonym> PseudonymsOf(Wire.AuditEntry entry) => entry.Erasure.Pseudonyms.Select(bytes => Pseudonym.Read(bytes.Span));

    /// <summary>Ids of one hub's logs count: an index that is from before the oldest one kept may hold who was erased since.</summary>
    private static void RequireKept(string oldest, string done)
    {
        if (LogOrigin.AreOfOneHub(Origin(oldest), Origin(done)) && string.CompareOrdinal(done, oldest) < 0)
            throw new InvalidOperationException(
                "The index is from before the oldest audit log that is kept: who was erased in between cannot be known. Restore a newer copy of it, or move Index:Folder away and let the departments fill a new one.");

        static string Origin(string logId) => "/" + logId;
    }

    private static void Require(bool written)
    {
        if (!written)
            throw new InvalidOperationException("The index cannot be written, and the audit log holds erasures that it has not carried out yet.");
    }

    private static partial class Log
    {
        [LoggerMessage(3300, LogLevel.Warning, "An erasure of the audit log was missing in the index and has been carried out on {Identifiers} identifiers.", EventName = "ErasureCarriedOut")]
        public static partial void CarriedOut(ILogger logger, int identifiers);
    }
}
