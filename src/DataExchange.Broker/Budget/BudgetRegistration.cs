using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Budget;

internal static class BudgetRegistration
{
    /// <summary><see cref="Budgets"/>, read from their folder when they are first asked for and saved while the host runs.</summary>
    public static IServiceCollection AddBudgets(this IServiceCollection services)
    {
        services.AddSingleton<IValidateOptions<BudgetOptions>, BudgetOptionsValidator>();
        services.AddOptions<BudgetOptions>()
            .BindConfiguration(BudgetOptions.Section)
            .PostConfigure<IConfiguration>((options, configuration) =>
            {
                if (options.Folder.Length == 0 && configuration["Hub:DataDirectory"] is { Length: > 0 } data)
                    options.Folder = Path.Combine(data, "budgets");
            })
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<BudgetFolder>();
        services.AddSingleton<Budgets>();
        services.AddHostedService<BudgetSaving>();
        return services;
    }
}
