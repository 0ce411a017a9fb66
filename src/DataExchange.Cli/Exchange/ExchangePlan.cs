namespace DataExchange.Cli.Exchange;

/// <summary>What a whole exchange on this machine consists of, before any of it runs.</summary>
/// <param name="Departments">Those that publish, in the order of their ports.</param>
/// <param name="Consumer">The one that asks; it is granted every attribute.</param>
/// <param name="ValidFrom">First day of the grants.</param>
internal sealed record ExchangePlan(
    IReadOnlyList<PlannedDepartment> Departments,
    IReadOnlyList<PlannedScheme> Schemes,
    IReadOnlyList<PlannedLinkRight> LinkRights,
    PlannedConsumer Consumer,
    DateOnly ValidFrom)
{
    public IEnumerable<(PlannedDepartment Owner, PlannedAttribute Attribute)> Attributes =>
        Departments.SelectMany(d => d.Attributes.Select(a => (d, a)));
}

/// <param name="Id">Department id.</param>
/// <param name="Changes">How many changes its source comes to.</param>
/// <param name="SourceSection">Name of the configuration section that tells <c>dx department run</c> what to publish.</param>
/// <param name="Source">That section's content.</param>
internal sealed record PlannedDepartment(
    string Id, string Title, IReadOnlyList<PlannedAttribute> Attributes, long Changes, string SourceSection, object Source);

/// <param name="Type">As the catalogue file writes it: text, date, code...</param>
/// <param name="Located">The value stays with the department and is fetched live.</param>
internal sealed record PlannedAttribute(string Name, string Title, string Type, bool Located);

/// <param name="Normalize">Words of <see cref="Contracts.SchemeNormalizations"/>.</param>
internal sealed record PlannedScheme(string Name, string Pattern, IReadOnlyList<string> Normalize);

internal sealed record PlannedLinkRight(string Department, string SchemeA, string SchemeB);

internal sealed record PlannedConsumer(string Id, string Title, string Purpose, string LegalBasis);
