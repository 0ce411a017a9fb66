using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Budget;

/// <summary>Saves the ledgers that have changed, every <see cref="BudgetOptions.SaveInterval"/> and at the end.</summary>
internal sealed partial class BudgetSaving(Budgets budgets, BudgetFolder folder, IOptions<BudgetOptions> options, TimeProvider clock, ILogger<BudgetSaving> logger)
    : BackgroundService
{
    private bool _failed;

    /// <summary>What cannot be saved stays changed, and is tried again.</summary>
    public void Save()
    {
        try
        {
            foreach (var (key, ledger) in budgets.All)
            {
                if (ledger.IsChanged)
                    Save(key, ledger);
            }

            _failed = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (!_failed)
                Log.Failed(logger, e.GetType().Name);
            _failed = true;
        }
    }

    private void Save(BudgetKey key, BudgetLedger ledger)
    {
        var bytes = ledger.Save(clock.GetUtcNow());
        try
        {
            folder.Save(key, bytes);
        }
        catch
        {
            ledger.IsChanged = true;
            throw;
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Save();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SaveInterval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            Save();
    }

    private static partial class Log
    {
        [LoggerMessage(2902, LogLevel.Warning, "What was spent cannot be saved: {Failure}. A restart would forget what is new; it is tried again.", EventName = "BudgetNotSaved")]
        public static partial void Failed(ILogger logger, string failure);
    }
}
