using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace DataExchange.Hosting;

/// <summary>
/// Own certificate: degraded when it ends within 14 days or its files hold another that cannot be used, unhealthy when it has ended, since
/// nobody connects any more then.
/// </summary>
internal sealed class CertificateHealthCheck(TlsCredentials credentials, TimeProvider clock) : IHealthCheck
{
    private static readonly TimeSpan Notice = TimeSpan.FromDays(14);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var end = new DateTimeOffset(credentials.Certificate.NotAfter.ToUniversalTime());
        var left = end - clock.GetUtcNow();
        var data = new Dictionary<string, object>
        {
            ["valid_until"] = end.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
            ["key_id"] = credentials.Identity.KeyId,
        };
        return Task.FromResult(
            left < TimeSpan.Zero ? HealthCheckResult.Unhealthy("The certificate of this process has expired.", data: data)
            : credentials.Fault is { } fault ? HealthCheckResult.Degraded($"The certificate files were replaced by what cannot be used; the former certificate goes on. {fault}", data: data)
            : left < Notice ? HealthCheckResult.Degraded("The certificate of this process ends soon.", data: data)
            : HealthCheckResult.Healthy(data: data));
    }
}
