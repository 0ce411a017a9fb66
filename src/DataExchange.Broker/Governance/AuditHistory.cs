using DataExchange.Broker.Audit;
using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Governance;

/// <param name="Index">The entry's place in the log.</param>
internal readonly record struct RecordedLookup(string LogId, ulong Index, Wire.AuditEntry Entry);

/// <summary>What the audit logs have recorded, as long as they are kept, read from their files while the last one is written. A reading takes a processor for as long as it lasts.</summary>
internal sealed class AuditHistory(IOptions<AuditOptions> audit, IOptions<GovernanceOptions> governance) : IDisposable
{
    private readonly SemaphoreSlim _readings = new(governance.Value.AuditReadingsMax, governance.Value.AuditReadingsMax);

    /// <summary>Reads all entries in order, on a thread of its own.</summary>
    /// <exception cref="Grpc.Core.RpcException">Too many readings are under way, or the log is damaged.</exception>
    public async Task<T> ReadAsync<T>(Func<IEnumerable<RecordedLookup>, T> read, CancellationToken cancellationToken)
    {
        if (!await _readings.WaitAsync(TimeSpan.Zero, cancellationToken))
            throw ExchangeError.Of(ErrorReasons.Busy).ToRpcException();
        try
        {
            return await Task.Run(() => read(Entries(cancellationToken)), cancellationToken);
        }
        catch (Exception damaged) when (damaged is AuditDamageException or IOException)
        {
            throw ExchangeError.Of(ErrorReasons.AuditUnavailable).ToRpcException();
        }
        finally
        {
            _readings.Release();
        }
    }

    public void Dispose() => _readings.Dispose();

    private IEnumerable<RecordedLookup> Entries(CancellationToken cancellationToken)
    {
        foreach (var log in AuditReader.OfAll(audit.Value.Folder))
        {
            var index = 0UL;
            foreach (var entry in log.Read())
            {
                cancellationToken.ThrowIfCancellationRequested();
                yield return new RecordedLookup(log.LogId, index++, Wire.AuditEntry.Parser.ParseFrom(entry.Span));
            }
        }
    }
}
