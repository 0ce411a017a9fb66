using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Accesses;

internal static class AccessRegistration
{
    /// <summary>The subject's view of the audit log.</summary>
    public static IServiceCollection AddAccesses(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<AccessOptions>, AccessOptionsValidator>();
        services.AddSingleton<IValidateOptions<AccessOptions>, AccessAttributeValidator>();
        services.AddOptions<AccessOptions>()
            .BindConfiguration(AccessOptions.Section)
            .PostConfigure<IConfiguration>((options, configuration) => options.Folder = configuration.PathOr(options.Folder, "accesses"))
            .ValidateOnStart();
        services.AddSingleton(provider => new AccessIndex(provider.GetRequiredService<IOptions<AccessOptions>>().Value.Folder));
        services.AddSingleton<AccessFollower>();
        services.AddHostedService(provider => provider.GetRequiredService<AccessFollower>());
        return services;
    }
}
