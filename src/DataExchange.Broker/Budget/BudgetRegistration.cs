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
            .PostConfigure<IConfiguration>((options, configuration) => options.Folder = configuration.PathOr(options.Folder, "budgets"))
            .ValidateOnStart();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<BudgetFolder>();
        services.AddSingleton<Budgets>();
        services.AddHostedService<BudgetSaving>();
        return services;
    }
}
