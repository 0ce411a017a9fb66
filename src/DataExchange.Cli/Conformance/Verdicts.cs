namespace DataExchange.Cli.Conformance;

internal enum Outcome
{
    Held,
    Broken,
    NotRun,
}

/// <summary>What became of one rule.</summary>
/// <param name="About">The attribute, call or file that is meant, where a rule counts for several.</param>
/// <param name="Seen">What was seen, or why the rule was not tried. Never an identifier or a value.</param>
/// <param name="Way">How to mend it, or how to have the rule tried.</param>
internal sealed record Verdict(ConformanceRule Rule, string About, Outcome Outcome, string Seen, string Way);

/// <summary>
/// Gathers verdicts. The same rule about the same thing may be tried many times: broken once is broken, and what was tried was run.
/// Thread safe.
/// </summary>
internal sealed class Verdicts
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(ConformanceRule, string), Verdict> _all = [];

    /// <summary>In the order of the table; a rule that nobody spoke of was not reached.</summary>
    public IReadOnlyList<Verdict> All
    {
        get
        {
            lock (_lock)
            {
                var spoken = _all.Values.ToLookup(verdict => verdict.Rule);
                return [.. ConformanceRules.All.SelectMany(rule => spoken[rule].OrderBy(verdict => verdict.About, StringComparer.Ordinal).DefaultIfEmpty(NotReached(rule)))];
            }
        }
    }

    public void Hold(ConformanceRule rule, string about = "") => Add(new Verdict(rule, about, Outcome.Held, "", ""));

    public void Break(ConformanceRule rule, string seen, string about = "") => Add(new Verdict(rule, about, Outcome.Broken, seen, rule.Mend));

    /// <param name="way">How to have it tried.</param>
    public void Skip(ConformanceRule rule, string why, string way, string about = "") => Add(new Verdict(rule, about, Outcome.NotRun, why, way));

    /// <summary>Held or broken.</summary>
    public void Judge(ConformanceRule rule, bool holds, string seen, string about = "")
    {
        if (holds)
            Hold(rule, about);
        else
            Break(rule, seen, about);
    }

    public bool IsHeld(ConformanceRule rule, string about = "")
    {
        lock (_lock)
            return _all.GetValueOrDefault((rule, about)) is { Outcome: Outcome.Held };
    }

    public bool IsBroken(ConformanceRule rule)
    {
        lock (_lock)
            return _all.Values.Any(verdict => verdict.Rule == rule && verdict.Outcome == Outcome.Broken);
    }

    private static Verdict NotReached(ConformanceRule rule) =>
        new(rule, "", Outcome.NotRun, "another rule had to hold first", "Mend what is broken and run the kit again.");

    private void Add(Verdict verdict)
    {
        lock (_lock)
        {
            var key = (verdict.Rule, verdict.About);
            // The first finding is kept; what was tried is not made untried.
            if (!_all.TryGetValue(key, out var before) || (before.Outcome != Outcome.Broken && verdict.Outcome != Outcome.NotRun))
                _all[key] = verdict;
        }
    }
}
