using DataExchange.Contracts;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Telemetry;

namespace DataExchange.Broker.Lookup;

internal static class LookupRegistration
{
    public static IServiceCollection AddLookup(this IServiceCollection services)
    {
        services.AddOptions<LookupOptions>().BindConfiguration(LookupOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<LookupOptions>, LookupOptionsValidator>();
        services.AddSingleton<IValidateOptions<LookupOptions>, LookupOptionsCrossValidator>();

        // Polly's log entries and events would carry what a call gave: the values.
        services.Configure<TelemetryOptions>(telemetry => telemetry.ResultFormatter = (_, result) => result?.GetType().Name);
        services.AddResiliencePipelineRegistry<DepartmentId>(registry => registry.BuilderNameFormatter = department => department.Value);
        // A provider that is away or slow is an outcome of the lookup, logged by LiveFetch, and no error of the hub.
        services.Configure<TelemetryOptions>(telemetry => telemetry.SeverityProvider = arguments =>
            arguments.Event.Severity > ResilienceEventSeverity.Warning ? ResilienceEventSeverity.Warning : arguments.Event.Severity);
        services.AddSingleton<LiveFetch>();
        services.AddSingleton<DisclosureRule>();
        services.AddSingleton<OperatorRule>();
        services.AddSingleton<IdentityLookup>();
        services.AddTransient<LookupGrpcService>();
        return services;
    }
}
