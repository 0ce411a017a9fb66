using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Policy;
using DataExchange.Contracts;

namespace DataExchange.Broker.Governance;

/// <summary>What one consumer would gain or lose of one attribute, in answers.</summary>
internal sealed record TrialChange(string Consumer, string Attribute, string Purpose, string LegalBasis, long Gained, long Lost);

/// <param name="Lookups">Recorded questions that were asked again.</param>
internal sealed record TrialResult(IReadOnlyList<TrialChange> Changes, long Lookups);

/// <summary>
/// Recorded questions, asked again under two catalogues at one moment. A lookup is answered or refused as a whole, so one attribute more or
/// less in a grant can win or lose the answers to all that was asked with it; each is counted.
/// </summary>
internal static class PolicyTrial
{
    /// <param name="at">The moment whose grants hold; not that of the recording, at which a new grant could not hold yet.</param>
    public static TrialResult Compare(IEnumerable<Wire.AuditEntry> recorded, CatalogueSnapshot current, CatalogueSnapshot proposed, DateTimeOffset at)
    {
        var changes = new Dictionary<(string Consumer, string Attribute, string Purpose, string Basis), (long Gained, long Lost)>();
        var lookups = 0L;
        foreach (var entry in recorded)
        {
            // A question that could not be read has no attributes: no catalogue would have it answered.
            if (entry.Attributes.Count == 0 || !DepartmentId.TryParse(entry.Consumer, out var consumer))
                continue;
            lookups++;
            var attributes = entry.Attributes.Select(AttributeId.Parse).ToList();
            var (now, then) = (IsAnswered(current), IsAnswered(proposed));
            if (now == then)
                continue;
            foreach (var attribute in entry.Attributes)
            {
                var key = (entry.Consumer, attribute, entry.Purpose, entry.LegalBasis);
                var (gained, lost) = changes.GetValueOrDefault(key);
                changes[key] = then ? (gained + 1, lost) : (gained, lost + 1);
            }

            bool IsAnswered(CatalogueSnapshot catalogue) =>
                catalogue.Departments.TryGetValue(consumer, out var department)
                && !department.Suspended
                && LookupPolicy.Decide(catalogue, consumer, attributes, entry.Purpose, entry.LegalBasis, at) is null;
        }

        return new TrialResult(
            [.. changes.OrderBy(c => c.Key.Consumer, StringComparer.Ordinal).ThenBy(c => c.Key.Attribute, StringComparer.Ordinal)
                .ThenBy(c => c.Key.Purpose, StringComparer.Ordinal).ThenBy(c => c.Key.Basis, StringComparer.Ordinal)
                .Select(c => new TrialChange(c.Key.Consumer, c.Key.Attribute, c.Key.Purpose, c.Key.Basis, c.Value.Gained, c.Value.Lost))],
            lookups);
    }
}
