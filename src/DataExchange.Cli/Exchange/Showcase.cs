using DataExchange.Contracts;

namespace DataExchange.Cli.Exchange;

/// <summary>An exchange to run on this machine, and what its answers must be.</summary>
/// <param name="Asked">Identifiers to look up, each asked for every attribute.</param>
/// <param name="Expected">The values of each attribute of an identifier, sorted ordinally; an attribute without any is left out.</param>
/// <param name="Shown">Identifiers whose answers are shown.</param>
internal sealed record Showcase(
    ExchangePlan Plan,
    IReadOnlyCollection<Identifier> Asked,
    Func<Identifier, IReadOnlyDictionary<AttributeId, List<string>>> Expected,
    IReadOnlyList<Identifier> Shown);
