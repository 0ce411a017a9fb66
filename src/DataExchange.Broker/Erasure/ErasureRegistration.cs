using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Erasure;

internal static class ErasureRegistration
{
    /// <summary><see cref="SubjectErasure"/>; at start it carries out what the audit log holds of erasures and the index does not.</summary>
    public static IServiceCollection AddErasure(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<ErasureOptions>, ErasureOptionsValidator>();
        services.AddOptions<ErasureOptions>().BindConfiguration(ErasureOptions.Section).ValidateOnStart();
        services.AddSingleton<SubjectErasure>();
        services.AddSingleton<ErasureReplay>();
        services.AddHostedService<ReplayedAtStart>();
        return services;
    }

    /// <summary>Before the first lookup: services start in the order they are added, the listener last.</summary>
    private sealed class ReplayedAtStart(ErasureReplay replay) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => replay.RunAsync();

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
