using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Index;

internal static class IndexRegistration
{
    /// <summary>
    /// <see cref="SubjectIndex"/>, opened when the host starts, and its parts <see cref="IndexWriter"/>, <see cref="StreamStates"/>,
    /// <see cref="SubjectKeys"/>; its health check <c>index</c>.
    /// </summary>
    public static IServiceCollection AddIndex(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<IndexOptions>, IndexOptionsValidator>();
        services.AddSingleton<IValidateOptions<IndexOptions>, IndexPlacesValidator>();
        services.AddOptions<IndexOptions>()
            .BindConfiguration(IndexOptions.Section)
            .PostConfigure<IConfiguration>((options, configuration) =>
            {
                options.Folder = configuration.PathOr(options.Folder, "index");
                options.HubKeyFile = configuration.PathOr(options.HubKeyFile, "hub.key");
                options.KeyFolder = configuration.PathOr(options.KeyFolder, "keys");
            })
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => SubjectIndex.Open(
            provider.GetRequiredService<IOptions<IndexOptions>>().Value, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILoggerFactory>()));
        // The container disposes these too, before the index; that is harmless.
        services.AddSingleton(provider => provider.GetRequiredService<SubjectIndex>().Writer);
        services.AddSingleton(provider => provider.GetRequiredService<SubjectIndex>().Streams);
        services.AddSingleton(provider => provider.GetRequiredService<SubjectIndex>().Keys);
        services.AddHostedService<OpenedAtStart>();
        services.AddHostedService<RenewalService>();
        services.AddHostedService<KeyTokenWatch>();
        services.AddHealthChecks().AddCheck<IndexHealthCheck>("index");
        return services;
    }

    /// <summary>A damaged index or a wrong hub key has to stop the start, not the first lookup.</summary>
    private sealed class OpenedAtStart(SubjectIndex index) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.FromResult(index.Statistics);

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
