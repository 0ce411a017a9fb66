using DataExchange.Broker.Audit;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Publication;

internal static class PublicationRegistration
{
    /// <summary>The audit log as static files with checkpoints, its witnesses, and health check <c>audit-publication</c>.</summary>
    public static IServiceCollection AddPublication(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<PublicationOptions>, PublicationOptionsValidator>();
        services.AddSingleton<IValidateOptions<PublicationOptions>, WitnessKeysValidator>();
        services.AddOptions<PublicationOptions>()
            .BindConfiguration(PublicationOptions.Section)
            .PostConfigure<IConfiguration>((options, configuration) =>
            {
                if (options.OriginPrefix.Length == 0 && configuration["Hub:BrokerId"] is { Length: > 0 } broker)
                    options.OriginPrefix = $"{broker}/audit";
                options.Folder = configuration.PathOr(options.Folder, "audit-public");
                options.SigningKeyPath = configuration.PathOr(options.SigningKeyPath, "audit.key");
            })
            .ValidateOnStart();
        services.AddHttpClient(WitnessRound.ClientName).ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { AllowAutoRedirect = false })
            .ConfigureHttpClient(client => client.MaxResponseContentBufferSize = 1 << 16);
        services.AddSingleton<WitnessRound>();
        services.AddSingleton(provider =>
        {
            // What is there once the log has been opened.
            _ = provider.GetRequiredService<AuditLog>();
            var logs = AuditReader.OfAll(provider.GetRequiredService<IOptions<AuditOptions>>().Value.Folder);
            return new PublishedLogs(provider.GetRequiredService<IOptions<PublicationOptions>>().Value, [.. logs.Select(log => log.LogId)]);
        });
        services.AddSingleton<LogRotation>();
        services.AddSingleton<LogPublisher>();
        services.AddHostedService(provider => provider.GetRequiredService<LogPublisher>());
        services.AddSingleton<LogRetention>();
        services.AddHostedService(provider => provider.GetRequiredService<LogRetention>());
        services.AddHealthChecks().AddCheck<PublicationHealthCheck>("audit-publication");
        return services;
    }
}
