namespace DataExchange.Cli.Conformance;

/// <summary>One thing that every adapter has to keep.</summary>
/// <param name="Id">Never changes its meaning, is never given to another rule.</param>
/// <param name="Area">Groups rules in tables and reports.</param>
/// <param name="Holds">What must hold, as a sentence.</param>
/// <param name="Mend">What the department does where it does not hold.</param>
internal sealed record ConformanceRule(string Id, string Area, string Holds, string Mend)
{
    public override string ToString() => Id;
}
