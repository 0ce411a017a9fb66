using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Catalogue;

/// <summary>
/// Unhealthy without a catalogue, and when the one in force has been out of its database's sight for <see cref="CatalogueOptions.UnhealthyAfter"/>:
/// what was revoked since is not known here. Degraded while polls fail.
/// </summary>
internal sealed class CatalogueHealthCheck(CatalogueState state, CatalogueWatcher watcher, IOptions<CatalogueOptions> options) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(Check());

    private HealthCheckResult Check()
    {
        if (watcher.IsStarting)
            return HealthCheckResult.Degraded("The catalogue is being read for the first time.");
        if (state.Current is not { } catalogue || watcher.Age is not { } age)
            return HealthCheckResult.Unhealthy("The catalogue has not been read yet.");

        var data = new Dictionary<string, object>
        {
            ["version"] = catalogue.Version,
            ["ageSeconds"] = Math.Round(age.TotalSeconds, 1),
            ["departments"] = catalogue.Departments.Count,
            ["attributes"] = catalogue.Attributes.Count,
            ["grants"] = catalogue.Grants.Count,
        };
        if (age > options.Value.UnhealthyAfter)
            return HealthCheckResult.Unhealthy("The catalogue's database has not answered for longer than Catalogue:UnhealthyAfter.", data: data);
        return watcher.IsFailing
            ? HealthCheckResult.Degraded("The catalogue's database does not answer; the last version read stays in force.", data: data)
            : HealthCheckResult.Healthy("The catalogue in force is the database's.", data);
    }
}
