using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Audit;

internal static class AuditRegistration
{
    /// <summary><see cref="AuditLog"/>, opened when the host starts, and its health check <c>audit</c>.</summary>
    public static IServiceCollection AddAudit(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<AuditOptions>, AuditOptionsValidator>();
        services.AddOptions<AuditOptions>()
            .BindConfiguration(AuditOptions.Section)
            .PostConfigure<IConfiguration>((options, configuration) => options.Folder = configuration.PathOr(options.Folder, "audit"))
            .ValidateOnStart();
        services.AddSingleton(provider => AuditLog.Open(
            provider.GetRequiredService<IOptions<AuditOptions>>().Value, provider.GetRequiredService<ILogger<AuditLog>>()));
        services.AddHostedService<OpenedAtStart>();
        services.AddHealthChecks().AddCheck<AuditHealthCheck>("audit");
        return services;
    }

    /// <summary>A damaged log has to stop the start, not the first lookup.</summary>
    private sealed class OpenedAtStart(AuditLog log) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.FromResult(log.Count);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
