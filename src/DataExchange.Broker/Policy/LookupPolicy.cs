using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;

namespace DataExchange.Broker.Policy;

/// <summary>
/// Who may ask what. Exact tuples, default deny, decided from the catalogue alone: the index is not touched, and an attribute that
/// does not exist is refused in the same words as one that is not granted.
/// </summary>
internal static class LookupPolicy
{
    private const string Rule = "must be granted to the caller for this purpose and legal basis now";

    /// <summary>Null when every attribute is granted; otherwise the whole request is refused, naming each attribute at fault by its place.</summary>
    /// <param name="attributes">In the order asked: the error's fields count in it.</param>
    /// <param name="purpose">Compared ordinally, as is <paramref name="legalBasis"/>.</param>
    public static ExchangeError? Decide(
        CatalogueSnapshot catalogue,
        DepartmentId consumer,
        IReadOnlyList<AttributeId> attributes,
        string purpose,
        string legalBasis,
        DateTimeOffset now)
    {
        List<FieldError>? refused = null;
        for (var i = 0; i < attributes.Count; i++)
        {
            if (!IsGranted(catalogue, new GrantKey(consumer, attributes[i], purpose), legalBasis, now))
                (refused ??= []).Add(new FieldError($"attributes[{i}]", Rule));
        }

        return refused is null ? null : ExchangeError.Of(ErrorReasons.NotGranted) with { Fields = refused };
    }

    private static bool IsGranted(CatalogueSnapshot catalogue, GrantKey key, string legalBasis, DateTimeOffset now) =>
        catalogue.Grants.TryGetValue(key, out var grant)
        && string.Equals(grant.LegalBasis, legalBasis, StringComparison.Ordinal)
        && grant.HoldsAt(now);
}
