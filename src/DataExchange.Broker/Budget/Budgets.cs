using System.Collections.Concurrent;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Budget;

/// <summary>
/// How much each department may still ask for each purpose, whatever the questions are about: the stop for who holds a grant and goes
/// through numbers. Keyed by the caller of the TLS key, so that nobody spends another's; asked only after the policy, so that there are no
/// more ledgers than grants. Thread safe.
/// </summary>
internal sealed partial class Budgets(SubjectKeys keys, IOptions<BudgetOptions> options, BudgetFolder folder, ILogger<Budgets> logger)
{
    private readonly NeighbourKeys _neighbours = new(keys);
    private readonly ConcurrentDictionary<BudgetKey, BudgetLedger> _ledgers = new(folder.Load(key => NewLedger(key, options.Value)));

    public IEnumerable<KeyValuePair<BudgetKey, BudgetLedger>> All => _ledgers;

    /// <summary>Counts one lookup, before anything is done for it.</summary>
    /// <param name="consumer">The authenticated caller.</param>
    /// <param name="official">Who asks of them; default for nobody named.</param>
    /// <returns>Null while there is room; otherwise the refusal, the same whatever is known of the subject.</returns>
    public ExchangeError? Spend(
        DepartmentId consumer, string purpose, string caseId, Identifier identifier, SubjectKey subject, SubjectKey official, DateTimeOffset now)
    {
        var ledger = _ledgers.GetOrAdd(new BudgetKey(consumer, purpose), static (key, o) => NewLedger(key, o), options.Value);
        if (ledger.Spend(subject, _neighbours.Of(identifier), caseId, official, now) is not { } spent)
            return null;

        BudgetMetrics.Record(consumer, spent.Part);
        Log.Spent(logger, consumer.Value, spent.Part, purpose);
        return ExchangeError.Of(ErrorReasons.BudgetExhausted) with
        {
            Metadata = new Dictionary<string, string> { ["budget"] = BudgetMetrics.NameOf(spent.Part) },
            RetryAfter = spent.RetryAfter,
        };
    }

    /// <summary>A lookup that was let through found nothing of all that it asked.</summary>
    public void Missed(DepartmentId consumer, string purpose, SubjectKey subject, SubjectKey official)
    {
        if (_ledgers.TryGetValue(new BudgetKey(consumer, purpose), out var ledger))
            ledger.Missed(subject, official);
    }

    private static BudgetLedger NewLedger(BudgetKey key, BudgetOptions options) => new(options.For(key.Purpose), options.Window);

    private static partial class Log
    {
        // Debug, since a caller could fill the log with it: the metric and the audit log hold each refusal.
        [LoggerMessage(2900, LogLevel.Debug, "{Department} has spent its budget of {Part} for {Purpose}", EventName = "BudgetSpent")]
        public static partial void Spent(ILogger logger, string department, BudgetPart part, string purpose);
    }
}

/// <summary>Who spends, and what for.</summary>
internal readonly record struct BudgetKey(DepartmentId Department, string Purpose);
