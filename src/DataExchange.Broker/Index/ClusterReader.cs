using DataExchange.Contracts;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>
/// Gathers what counts about a subject: from its own record, and from those of all identifiers linked to it, directly or through
/// others. Thread safe.
/// </summary>
internal sealed partial class ClusterReader(
    IndexStore store, StreamLedger ledger, AttributeTable attributes, IndexCondition condition, IndexOptions options, ILogger<ClusterReader> logger)
{
    [ThreadStatic]
    private static ClusterScratch? _scratch;

    /// <param name="start">The identifier asked for.</param>
    /// <param name="asked">Attributes wanted, each once.</param>
    public ClusterResult Read(SubjectKey start, IReadOnlyList<AttributeId> asked)
    {
        var scratch = _scratch ??= new ClusterScratch();
        try
        {
            var streams = ledger.Table;
            scratch.Start(start, asked, attributes, streams, options.ClusterIdentifiersMax);
            scratch.ReadNext(store, view: null);
            if (scratch.Identifiers == 1 || scratch.IsTooLarge)
                return scratch.ToResult(asked);

            // Several records: all read at one moment, or a link made and one taken back meanwhile could join two persons.
            using var view = store.OpenView();
            scratch.Start(start, asked, attributes, streams, options.ClusterIdentifiersMax);
            while (scratch.ReadNext(store, view))
            {
            }
            return scratch.ToResult(asked);
        }
        catch (Exception e) when (e is RocksDbException or IndexCorruptionException)
        {
            condition.CountFailedRead();
            Log.ReadFailed(logger, e);
            return new ClusterResult(ClusterOutcome.Unavailable, 0, []);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(2410, LogLevel.Error, "The index could not be read.", EventName = "IndexReadFailed")]
        public static partial void ReadFailed(ILogger logger, Exception exception);
    }
}
