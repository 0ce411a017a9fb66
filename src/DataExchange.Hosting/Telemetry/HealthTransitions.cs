using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace DataExchange.Hosting;

/// <summary>Measures every check, and logs one when its status changes, once, in place of the platform's error at every look.</summary>
internal sealed partial class HealthTransitions(ILogger<HealthTransitions> logger) : IHealthCheckPublisher
{
    private static readonly Gauge<int> Statuses =
        ExchangeDiagnostics.Meter.CreateGauge<int>("dataexchange.health", "{status}", "Each check as last looked at: 2 healthy, 1 degraded, 0 unhealthy.");

    private readonly ConcurrentDictionary<string, HealthStatus> _last = new();

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        foreach (var (name, check) in report.Entries)
        {
            Statuses.Record((int)check.Status, new KeyValuePair<string, object?>("check", name));
            var before = _last.GetValueOrDefault(name, HealthStatus.Healthy);
            _last[name] = check.Status;
            if (before == check.Status)
                continue;
            if (check.Status == HealthStatus.Healthy)
                Log.Recovered(logger, name);
            else
                Log.Changed(logger, name, check.Status, check.Description ?? "");
        }
        return Task.CompletedTask;
    }

    private static partial class Log
    {
        [LoggerMessage(400, LogLevel.Warning, "{Check} is {Status}: {Description}", EventName = "HealthChanged")]
        public static partial void Changed(ILogger logger, string check, HealthStatus status, string description);

        [LoggerMessage(401, LogLevel.Information, "{Check} is healthy", EventName = "HealthRecovered")]
        public static partial void Recovered(ILogger logger, string check);
    }
}
