using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Hosting;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Catalogue;

internal static class CatalogueRegistration
{
    /// <summary><see cref="CatalogueState"/> kept current, the hub's <see cref="IKeyDirectory"/> from it, and the health check <c>catalogue</c>.</summary>
    public static IServiceCollection AddCatalogue(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<CatalogueOptions>, CatalogueOptionsValidator>();
        services.AddSingleton<IValidateOptions<CatalogueOptions>, CatalogueDatabaseValidator>();
        services.AddOptions<CatalogueOptions>()
            .BindConfiguration(CatalogueOptions.Section)
            .PostConfigure<IConfiguration>((options, configuration) =>
            {
                if (options is { Provider: CatalogueProvider.Sqlite, ConnectionString: "" } && configuration["Hub:DataDirectory"] is { Length: > 0 } data)
                    options.ConnectionString = new SqliteConnectionStringBuilder { DataSource = Path.Combine(data, "catalogue.db") }.ConnectionString;
            })
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => provider.GetRequiredService<IOptions<CatalogueOptions>>().Value.ToDatabase());
        services.AddSingleton<CatalogueStore>();
        services.AddSingleton<CatalogueState>();
        services.AddSingleton<CatalogueListingCache>();
        services.AddSingleton<CatalogueWatcher>();
        services.AddHostedService(provider => provider.GetRequiredService<CatalogueWatcher>());
        services.AddSingleton<IKeyDirectory, BrokerKeyDirectory>();
        services.AddHealthChecks().AddCheck<CatalogueHealthCheck>("catalogue");
        return services;
    }
}
