using System.Collections.Frozen;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>
/// Gathers what counts about a subject: from its own record, and from those of all identifiers linked to it, directly or through
/// others. Thread safe.
/// </summary>
internal sealed partial class ClusterReader(
    IndexStore store, StreamLedger ledger, AttributeTable attributes, WrappingKeys keys, IndexCondition condition, IndexOptions options, ILogger<ClusterReader> logger)
{
    [ThreadStatic]
    private static ClusterScratch? _scratch;

    /// <param name="start">The identifier asked for.</param>
    /// <param name="asked">Attributes wanted, each once.</param>
    /// <param name="linkers">Departments whose links count; null for all that ever linked.</param>
    public ClusterResult Read(SubjectKey start, IReadOnlyList<AttributeId> asked, FrozenSet<DepartmentId>? linkers)
    {
        try
        {
            var result = Gather(start, asked, linkers).ToResult(asked, keys);
            foreach (var fact in result.Facts)
            {
                if (fact.Broken)
                    NoteBroken();
            }
            return result;
        }
        catch (Exception e) when (e is RocksDbException or IndexCorruptionException)
        {
            NoteFailure(e);
            return new ClusterResult(ClusterOutcome.Unavailable, 0, []);
        }
    }

    /// <summary>Every identifier linked to <paramref name="start"/>, which comes first, with its pseudonym, as of one moment.</summary>
    /// <param name="linkers">As for <see cref="Read"/>.</param>
    /// <returns>Null if it cannot be read, or there are more than a lookup follows.</returns>
    public (SubjectKey Subject, Pseudonym Pseudonym)[]? ReadMembers(SubjectKey start, FrozenSet<DepartmentId>? linkers)
    {
        try
        {
            var scratch = Gather(start, [], linkers);
            return scratch.IsTooLarge ? null : scratch.ToMembers(keys);
        }
        catch (Exception e) when (e is RocksDbException or IndexCorruptionException)
        {
            NoteFailure(e);
            return null;
        }
    }

    private ClusterScratch Gather(SubjectKey start, IReadOnlyList<AttributeId> asked, FrozenSet<DepartmentId>? linkers)
    {
        var scratch = _scratch ??= new ClusterScratch();
        var streams = ledger.Table;
        scratch.Start(start, asked, linkers, attributes, streams, options.ClusterIdentifiersMax);
        scratch.ReadNext(store, view: null);
        if (scratch.Identifiers == 1 || scratch.IsTooLarge)
            return scratch;

        // Several records: all read at one moment, or a link made and one taken back meanwhile could join two persons.
        using var view = store.OpenView();
        scratch.Start(start, asked, linkers, attributes, streams, options.ClusterIdentifiersMax);
        while (scratch.ReadNext(store, view))
        {
        }
        return scratch;
    }

    private void NoteBroken()
    {
        condition.CountFailedRead();
        IndexMetrics.CountBroken();
        Log.SealBroken(logger);
    }

    private void NoteFailure(Exception failure)
    {
        condition.CountFailedRead();
        Log.ReadFailed(logger, failure);
    }

    private static partial class Log
    {
        [LoggerMessage(2410, LogLevel.Error, "The index could not be read.", EventName = "IndexReadFailed")]
        public static partial void ReadFailed(ILogger logger, Exception exception);

        [LoggerMessage(2411, LogLevel.Error, "A held value could not be unsealed: it, its place in the index or its key is not what it was.", EventName = "IndexSealBroken")]
        public static partial void SealBroken(ILogger logger);
    }
}
