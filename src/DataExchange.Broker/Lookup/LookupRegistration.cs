using DataExchange.Contracts;
using Microsoft.Extensions.Options;
using Polly;

namespace DataExchange.Broker.Lookup;

internal static class LookupRegistration
{
    public static IServiceCollection AddLookup(this IServiceCollection services)
    {
        services.AddOptions<LookupOptions>().BindConfiguration(LookupOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<LookupOptions>, LookupOptionsValidator>();
        services.AddSingleton<IValidateOptions<LookupOptions>, LookupOptionsCrossValidator>();

        services.AddResiliencePipelineRegistry<DepartmentId>(registry => registry.BuilderNameFormatter = department => department.Value);
        services.AddSingleton<LiveFetch>();
        services.AddSingleton<IdentityLookup>();
        return services;
    }
}
