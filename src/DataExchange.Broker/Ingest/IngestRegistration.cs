using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Ingest;

internal static class IngestRegistration
{
    /// <summary>
    /// Everything between a batch's arrival and the index; map <see cref="ChangeIngressGrpcService"/> and give
    /// <see cref="ChangeBatchConsumer"/> to the bus for its two ways in.
    /// </summary>
    public static IServiceCollection AddIngest(this IServiceCollection services)
    {
        services.AddOptions<IngestOptions>().BindConfiguration(IngestOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<IngestOptions>, IngestOptionsValidator>();
        services.AddSingleton<IValidateOptions<IngestOptions>, IngestOptionsCrossValidator>();

        services.AddSingleton<BatchVerifier>();
        services.AddSingleton<RejectionLog>();
        services.AddSingleton<ChangeIngest>();
        services.AddSingleton<GapRefill>();
        services.AddHostedService(provider => provider.GetRequiredService<GapRefill>());
        services.AddHealthChecks().AddCheck<StreamHealthCheck>("streams");
        return services;
    }
}
