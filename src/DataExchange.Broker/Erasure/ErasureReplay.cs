using System.Buffers.Binary;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Erasure;

/// <summary>
/// Carries out what the audit log holds of erasures and the index does not: after a crash between the two, and in an index restored from a
/// backup that is older. Erased subjects are recognised by their pseudonyms, which the restored secrets still give.
/// </summary>
internal sealed partial class ErasureReplay(SubjectIndex index, AuditLog log, IOptions<AuditOptions> options, ILogger<ErasureReplay> logger)
{
    /// <summary>MUST have ended before anything is looked up.</summary>
    /// <exception cref="InvalidOperationException">The index cannot be written: it must not answer about who should be erased.</exception>
    public async Task RunAsync()
    {
        var end = log.Count;
        var from = ErasedThroughState.Read(index, log.LogId);
        if (from >= end)
            return;
        var erasures = Read(from).ToList();
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

        Require(await index.EraseAsync([], default, [], ErasedThroughState.Of(log.LogId, end)));
    }

    private IEnumerable<Wire.AuditEntry> Read(ulong from)
    {
        foreach (var bytes in new AuditReader(options.Value.Folder).Read(from))
        {
            var entry = Wire.AuditEntry.Parser.ParseFrom(bytes.Span);
            if (entry.Erasure is not null)
                yield return entry;
        }
    }

    private static IEnumerable<Pseudonym> PseudonymsOf(Wire.AuditEntry entry) => entry.Erasure.Pseudonyms.Select(bytes => Pseudonym.Read(bytes.Span));

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
