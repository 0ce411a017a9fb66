using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Policy;
using DataExchange.Contracts;

namespace DataExchange.Broker.Governance;

/// <summary>An audit entry in words: what was decided then, and what the catalogue in force now says about the same question.</summary>
internal static class LookupExplanation
{
    public const int LookupsMax = 20;

    /// <summary>The newest entries with that request id, newest first.</summary>
    /// <param name="consumer">Whose entries; null for anybody's.</param>
    public static List<RecordedLookup> Find(IEnumerable<RecordedLookup> log, string requestId, DepartmentId? consumer)
    {
        var found = new Queue<RecordedLookup>();
        foreach (var recorded in log)
        {
            if (recorded.Entry.RequestId != requestId || (consumer is { } caller && recorded.Entry.Consumer != caller.Value))
                continue;
            if (found.Count == LookupsMax)
                found.Dequeue();
            found.Enqueue(recorded);
        }

        return [.. found.Reverse()];
    }

    public static Wire.ExplainedLookup Explain(RecordedLookup recorded, CatalogueSnapshot catalogue, DateTimeOffset now)
    {
        var entry = recorded.Entry;
        var reason = ErrorReasons.All.SingleOrDefault(known => known.Name == entry.Reason);
        return new Wire.ExplainedLookup
        {
            LogId = recorded.LogId,
            EntryIndex = recorded.Index,
            RecordedAt = entry.RecordedAt,
            Consumer = entry.Consumer,
            Purpose = entry.Purpose,
            LegalBasis = entry.LegalBasis,
            CaseId = entry.CaseId,
            Allowed = entry.Decision == Wire.Decision.Allowed,
            Reason = entry.Reason,
            Meaning = reason?.Meaning ?? "",
            Advice = reason?.Advice ?? "",
            Attributes = { entry.Attributes.Select((name, i) => Explain(entry, AttributeId.Parse(name), i < entry.Outcomes.Count ? entry.Outcomes[i].ToString() : "", catalogue, now)) },
        };
    }

    private static Wire.ExplainedAttribute Explain(Wire.AuditEntry entry, AttributeId attribute, string outcome, CatalogueSnapshot catalogue, DateTimeOffset now)
    {
        var granted = DepartmentId.TryParse(entry.Consumer, out var consumer)
            && LookupPolicy.IsGranted(catalogue, new GrantKey(consumer, attribute, entry.Purpose), entry.LegalBasis, now);
        return new Wire.ExplainedAttribute
        {
            Attribute = attribute.ToString(),
            Owner = attribute.Department.Value,
            Outcome = outcome,
            GrantedNow = granted,
            Rule = Rule(catalogue.Attributes.GetValueOrDefault(attribute)),
            HowToApply = granted ? "" : HowToApply(catalogue.Attributes.GetValueOrDefault(attribute)),
        };
    }

    /// <summary>The catalogue is listed to every department, so an explanation may say what a refusal leaves out.</summary>
    private static string Rule(AttributeModel? attribute) => attribute?.Sharing switch
    {
        null => "the attribute is not in the catalogue",
        Wire.Sharing.NotShared => $"the attribute is not shared: {attribute.LegalSource}",
        Wire.Sharing.Unconditional => $"{LookupPolicy.Rule}; granted at once on request",
        _ => $"{LookupPolicy.Rule}; granted when its owner agrees",
    };

    private static string HowToApply(AttributeModel? attribute) => attribute?.Sharing switch
    {
        null => "have its department declare it",
        Wire.Sharing.NotShared => "",
        _ => LookupPolicy.HowToApply,
    };
}
