using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace DataExchange.Adapter;

/// <summary>
/// Unhealthy where a person must decide (stream quarantined, outbox set back, a change that breaks the contract); degraded where time
/// or somebody else will mend it.
/// </summary>
internal sealed class AdapterHealthCheck(
    Outbox outbox, AdapterProgress progress, AdapterStatus status, IOptions<DepartmentAdapterOptions> options, TimeProvider time) : IHealthCheck
{
    public const string Name = "adapter";

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var standstill = Standstill();
        var problems = standstill.Concat(Hindrance()).ToList();
        var health = standstill.Count > 0 ? HealthStatus.Unhealthy : problems.Count > 0 ? HealthStatus.Degraded : HealthStatus.Healthy;
        return Task.FromResult(new HealthCheckResult(health, problems.Count == 0 ? null : string.Join("; ", problems), data: Data()));
    }

    private List<string> Standstill()
    {
        var problems = new List<string>();
        if (status.Relay is RelayStage.RolledBack or RelayStage.Quarantined or RelayStage.Damaged)
            problems.Add(status.RelayProblem ?? status.Relay.ToString());
        if (status.SourceRefused && status.SourceProblem is { } refused)
            problems.Add(refused);
        if (status.TrimmedProblem is { } trimmed)
            problems.Add(trimmed);
        return problems;
    }

    private IEnumerable<string> Hindrance()
    {
        if (status.Relay is RelayStage.Starting)
            yield return status.RelayProblem ?? "The hub has not been asked yet";
        if (status.Relay is RelayStage.Retrying && status.RelayProblem is { } relay)
            yield return relay;
        if (status.HubProblem is { } hub)
            yield return hub;
        if (!status.SourceRefused && status.SourceProblem is { } source)
            yield return source;
        if (status.OutboxFull)
            yield return "The outbox is full: the source is not read";
        // For a moment that is how a fast source is held back.
        if (IsLong(status.WindowFullSince))
            yield return "The hub is as far behind as allowed: nothing more is published for now";
        if (status.Rejected is { } rejected)
            yield return $"The hub refused the batch from sequence {rejected.FirstSequence}: {rejected.Reason}, {rejected.Detail}";
        if (IsLong(status.UnconfirmedSince))
            yield return "Publishing is blocked: no confirmation comes";
    }

    private bool IsLong(DateTimeOffset? since) => since is { } begun && time.GetUtcNow() - begun > options.Value.PublishTimeout / 2;

    private Dictionary<string, object> Data()
    {
        var figures = progress.Figures;
        return new Dictionary<string, object>
        {
            ["relay"] = status.Relay.ToString(),
            ["lastSequence"] = figures.LastSequence,
            ["confirmedSequence"] = figures.ConfirmedSequence,
            ["hubWatermark"] = figures.HubWatermark,
            ["outboxChanges"] = outbox.LastSequence + 1 - outbox.FirstSequence,
            ["outboxBytes"] = outbox.Bytes,
            ["streamEpoch"] = Convert.ToHexStringLower(outbox.Epoch.Span),
        };
    }
}
