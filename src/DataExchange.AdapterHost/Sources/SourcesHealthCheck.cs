using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DataExchange.AdapterHost.Sources;

/// <summary>Unhealthy where a source is stopped; degraded where rows or cells were refused, or a database keeps much log. Names places and rules, never a value.</summary>
internal sealed class SourcesHealthCheck(IReadOnlyList<SourceReader> readers) : IHealthCheck
{
    public const string Name = "sources";

    /// <summary>What a database may keep of its log for this adapter before an operator hears of it: 1 GiB.</summary>
    public const long LagBytesMax = 1L << 30;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var sources = readers.Select(reader => reader.Status).ToList();
        var stopped = sources.Where(source => source.Problem is not null).Select(source => $"{source.Name}: {source.Problem}").ToList();
        var refused = sources.Where(source => source.Last is { Named.Count: > 0 })
            .Select(source => $"{source.Name}: {source.Last!.RowsRefused} rows and {source.Last.CellsRefused} cells refused");
        var behind = sources.Where(source => source.LagBytes > LagBytesMax)
            .Select(source => $"{source.Name}: the database keeps {source.LagBytes >> 20} MiB of its log until they are read");
        var problems = stopped.Concat(refused).Concat(behind).ToList();
        var health = stopped.Count > 0 ? HealthStatus.Unhealthy : problems.Count > 0 ? HealthStatus.Degraded : HealthStatus.Healthy;
        return Task.FromResult(new HealthCheckResult(health, problems.Count == 0 ? null : string.Join("; ", problems), data: Data(sources)));
    }

    private static Dictionary<string, object> Data(IEnumerable<SourceStatus> sources) => sources.ToDictionary(source => source.Name, source => (object)new
    {
        source.Subjects,
        source.LagBytes,
        source.Last?.Rows,
        source.Last?.RowsRefused,
        source.Last?.CellsRefused,
        Refused = source.Last?.Named.Select(refusal => refusal.ToString()),
    });
}
