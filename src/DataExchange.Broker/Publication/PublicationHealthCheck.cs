using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DataExchange.Broker.Publication;

/// <summary>Degraded while the log cannot be published or cosigned: the hub goes on answering meanwhile, and the audit check says when not.</summary>
internal sealed class PublicationHealthCheck(PublishedLogs logs, LogPublisher publisher, WitnessRound witnesses) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var published = logs.Newest;
        var data = new Dictionary<string, object> { ["verifierKey"] = published.Signer.Key.ToString(), ["entries"] = published.Current?.Checkpoint.Size ?? 0 };
        if (publisher.FailingSince is { } since)
            return Task.FromResult(HealthCheckResult.Degraded($"Not published since {since:O}.", data: data));
        if (logs.All.FirstOrDefault(log => log != published && log.Current is null) is { } unpublished)
            return Task.FromResult(HealthCheckResult.Degraded($"What was published of the closed log {unpublished.LogId} is missing: restore its folder from a copy.", data: data));
        return Task.FromResult(witnesses.Behind is { Count: > 0 } behind
            ? HealthCheckResult.Degraded($"Not cosigned by {string.Join(", ", behind)}.", data: data)
            : HealthCheckResult.Healthy("Published and cosigned by every witness.", data));
    }
}
