using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Providers;

internal static class ProviderRegistration
{
    public static IServiceCollection AddProviders(this IServiceCollection services)
    {
        services.AddOptions<ProviderOptions>().BindConfiguration(ProviderOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<ProviderOptions>, ProviderOptionsAttributes>();
        services.AddSingleton<IValidateOptions<ProviderOptions>, ProviderOptionsValidator>();
        services.AddSingleton<ProviderChannels>();
        return services;
    }
}
