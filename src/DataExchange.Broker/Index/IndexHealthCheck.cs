using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DataExchange.Broker.Index;

/// <summary>
/// Unhealthy once a write failed or a damaged record was met, of which nothing heals without the operator, and while the disk has too
/// little room to write. Degraded while a key token is away: the hub serves on, but would not start again.
/// </summary>
internal sealed class IndexHealthCheck(SubjectIndex index) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var statistics = index.Statistics;
        var data = new Dictionary<string, object>
        {
            ["subjects"] = statistics.Subjects,
            ["facts"] = statistics.Facts,
            ["links"] = statistics.Links,
            ["failedReads"] = index.Condition.FailedReads,
            // False while records are brought under new keys.
            ["renewed"] = index.Renewal.IsDone,
            ["renewedPercent"] = Math.Round(index.Renewal.Percent, 1),
        };
        var away = index.Tokens.All.FirstOrDefault(token => token.Fault is not null);
        return Task.FromResult(index.Condition switch
        {
            { WriteFailure: not null } => HealthCheckResult.Unhealthy("A write failed; no change is taken until the hub is started anew.", data: data),
            { FailedReads: > 0 } => HealthCheckResult.Unhealthy("Records could not be read; restore the index, or build it anew from the departments.", data: data),
            _ when !index.HasRoom => HealthCheckResult.Unhealthy("Less free space than Index:FreeBytesMin; no change is taken until there is room.", data: data),
            _ when away is not null => HealthCheckResult.Degraded($"A key token is not to be had; the hub serves on, but would not start again. {away.Fault}", data: data),
            _ => HealthCheckResult.Healthy("The index is read and written.", data),
        });
    }
}
