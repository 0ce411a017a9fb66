using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DataExchange.Broker.Audit;

/// <summary>Unhealthy as long as appends are refused: the hub answers nothing then.</summary>
internal sealed class AuditHealthCheck(AuditLog log) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object> { ["logId"] = log.LogId, ["entries"] = log.Count };
        return Task.FromResult(log.Failure switch
        {
            null => HealthCheckResult.Healthy("Every answer has its entry.", data),
            { } withheld when ReferenceEquals(withheld, log.Withheld) => HealthCheckResult.Unhealthy(
                "Not cosigned for longer than Publication:WitnessGrace; the check audit-publication says by whom.", data: data),
            { RetryAfter: not null } => HealthCheckResult.Unhealthy("Less free space than Audit:FreeBytesMin.", data: data),
            _ => HealthCheckResult.Unhealthy("The disk failed; the process has to be started anew.", data: data),
        });
    }
}
