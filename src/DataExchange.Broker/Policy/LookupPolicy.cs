using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;

namespace DataExchange.Broker.Policy;

/// <summary>
/// Who may ask what. Exact tuples, default deny, decided from the catalogue alone: the index is not touched, and an attribute that
/// does not exist, or that nobody is ever granted, is refused in the same words as one that is not granted.
/// </summary>
internal static class LookupPolicy
{
    public const string HowToApply = "CatalogueService.RequestGrant";
    public const string Rule = "must be granted to the caller for this purpose and legal basis now";

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
        List<int>? refused = null;
        for (var i = 0; i < attributes.Count; i++)
        {
            if (!IsGranted(catalogue, new GrantKey(consumer, attributes[i], purpose), legalBasis, now))
                (refused ??= []).Add(i);
        }

        return refused is null ? null : Refusal(refused, attributes);
    }

    /// <summary>Of what was asked alone: the owner is the department that the question names, which an attribute that does not exist has as well.</summary>
    private static ExchangeError Refusal(List<int> refused, IReadOnlyList<AttributeId> attributes)
    {
        var owners = string.Join(", ", refused.Select(i => attributes[i].Department).Distinct());
        return new ExchangeError(ErrorReasons.NotGranted, $"{ErrorReasons.NotGranted.Meaning} Apply to the owner with {HowToApply}: {owners}.")
        {
            Fields = [.. refused.Select(i => new FieldError($"attributes[{i}]", Rule))],
            Metadata = new Dictionary<string, string> { ["rule"] = Rule, ["owners"] = owners, ["apply"] = HowToApply },
        };
    }

    /// <summary>Whether this one tuple is granted at that moment.</summary>
    public static bool IsGranted(CatalogueSnapshot catalogue, GrantKey key, string legalBasis, DateTimeOffset now) =>
        catalogue.Grants.TryGetValue(key, out var grant)
        && string.Equals(grant.LegalBasis, legalBasis, StringComparison.Ordinal)
        && grant.HoldsAt(now);
}
