using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DataExchange.Broker.Index;

/// <summary>
/// Unhealthy once a write failed or a damaged record was met, of which nothing heals without the operator, and while the disk has too
/// little room to write.
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
        };
        return Task.FromResult(index.Condition switch
        {
            { WriteFailure: not null } => HealthCheckResult.Unhealthy("A write failed; no change is taken until the hub is started anew.", data: data),
            { FailedReads: > 0 } => HealthCheckResult.Unhealthy("Records could not be read; restore the index, or build it anew from the departments.", data: data),
            _ when !index.HasRoom => HealthCheckResult.Unhealthy("Less free space than Index:FreeBytesMin; no change is taken until there is room.", data: data),
            _ => HealthCheckResult.Healthy("The index is read and written.", data),
        });
    }
}
