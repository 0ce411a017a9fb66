using System.Diagnostics.Metrics;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Governance;

/// <summary>What waits for somebody longer than it may.</summary>
/// <param name="OverdueRequests">Grant requests whose owner has not answered within its clock.</param>
/// <param name="UnconfirmedCutOffs">Cut-offs that no second person has confirmed in time.</param>
internal sealed record GovernanceBacklog(int OverdueRequests, int UnconfirmedCutOffs);

/// <summary>Finds what is overdue, escalates it once, and shows it in health and metrics until somebody acts.</summary>
internal sealed partial class GovernanceWatch : BackgroundService
{
    private readonly CatalogueStore _store;
    private readonly IOptions<GovernanceOptions> _options;
    private readonly TimeProvider _clock;
    private readonly ILogger<GovernanceWatch> _logger;
    private volatile GovernanceBacklog _backlog = new(0, 0);

    public GovernanceWatch(CatalogueStore store, IOptions<GovernanceOptions> options, TimeProvider clock, ILogger<GovernanceWatch> logger)
    {
        (_store, _options, _clock, _logger) = (store, options, clock, logger);
        ExchangeDiagnostics.Meter.CreateObservableGauge("dataexchange.governance.overdue", Measure, "{item}", "What waits for a person longer than it may, by kind.");
    }

    public GovernanceBacklog Backlog => _backlog;

    /// <summary>Looks at once. Never fails: the next look finds what this one did not.</summary>
    public async Task LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            _backlog = await _store.ChangeAsync(change => EscalateAsync(change, cancellationToken), cancellationToken, catalogue: false);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Nothing may end the watching; that the database does not answer is told by the catalogue's own health check.
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(_options.Value.WatchInterval, _clock);
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await LookAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping is no fault of this service.
        }
    }

    private async Task<GovernanceBacklog> EscalateAsync(CatalogueTransaction change, CancellationToken cancellationToken)
    {
        var overdue = await change.Rows<GrantRequestRow>()
            .Where(row => (row.State == GrantRequestState.Waiting || row.State == GrantRequestState.Proposed) && row.DueAt <= change.Now)
            .ToListAsync(cancellationToken);
        var escalated = overdue.Where(row => row.EscalatedAt is null).ToList();
        foreach (var request in escalated)
            change.Replace(request, request with { EscalatedAt = change.Now });
        if (escalated.Count > 0)
            Log.Escalated(_logger, escalated.Count);
        return new GovernanceBacklog(
            overdue.Count,
            await change.Rows<ProposalRow>().CountAsync(row => row.State == ProposalState.Unconfirmed && row.ExpiresAt <= change.Now, cancellationToken));
    }

    private IEnumerable<Measurement<int>> Measure() =>
    [
        new(_backlog.OverdueRequests, new KeyValuePair<string, object?>("kind", "grant-request")),
        new(_backlog.UnconfirmedCutOffs, new KeyValuePair<string, object?>("kind", "cut-off")),
    ];

    private static partial class Log
    {
        [LoggerMessage(3200, LogLevel.Warning, "{Count} grant requests are overdue and escalated: the exchange may answer them in their owners' stead",
            EventName = "GrantRequestsEscalated")]
        public static partial void Escalated(ILogger logger, int count);
    }
}

/// <summary>Degraded while anything is overdue: lookups do not suffer, but somebody has to act.</summary>
internal sealed class GovernanceHealthCheck(GovernanceWatch watch) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var backlog = watch.Backlog;
        var data = new Dictionary<string, object> { ["overdueGrantRequests"] = backlog.OverdueRequests, ["unconfirmedCutOffs"] = backlog.UnconfirmedCutOffs };
        return Task.FromResult(backlog is { OverdueRequests: 0, UnconfirmedCutOffs: 0 }
            ? HealthCheckResult.Healthy("Nothing waits longer than it may.", data)
            : HealthCheckResult.Degraded("Grant requests are overdue, or cut-offs unconfirmed.", data: data));
    }
}
