using MassTransit;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace DataExchange.Hosting;

/// <summary>
/// Unhealthy without a working connection and consuming queues; degraded when messages wait in an error or skipped queue. Opens a channel,
/// since a dead connection can look alive for long.
/// </summary>
internal sealed class BusHealthCheck(IBusControl bus, BusConnection connection, DurableQueues queues, IOptions<BusOptions> options) : IHealthCheck
{
    private static readonly TimeSpan ProbeTimeout = TimeSpan.FromSeconds(2);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var data = new Dictionary<string, object> { ["transport"] = options.Value.Transport.ToString() };
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(ProbeTimeout);
            foreach (var depth in await connection.ProbeAsync(queues.Names.SelectMany(Watched), limit.Token))
                data[depth.Queue] = depth.Messages;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            data["failure"] = exception.GetType().Name;
            return HealthCheckResult.Unhealthy("No channel can be opened to the RabbitMQ server.", data: data);
        }

        if (queues.Names.FirstOrDefault(name => !IsConsuming(name)) is { } stopped)
            return HealthCheckResult.Unhealthy($"The queue {stopped} is not being consumed.", data: data);
        return queues.Names.SelectMany(Beside).Any(name => data.TryGetValue(name, out var count) && count is > 0L)
            ? HealthCheckResult.Degraded("Messages wait in an error or skipped queue for somebody to look at them.", data: data)
            : HealthCheckResult.Healthy(data: data);
    }

    private bool IsConsuming(string queue) =>
        bus.CheckHealth().Endpoints.Any(endpoint => endpoint.Key.EndsWith($"/{queue}", StringComparison.Ordinal) && endpoint.Value.Status == BusHealthStatus.Healthy);

    private static IEnumerable<string> Watched(string name) => [name, .. Beside(name)];

    private static IEnumerable<string> Beside(string name) => [$"{name}_error", $"{name}_skipped"];
}
