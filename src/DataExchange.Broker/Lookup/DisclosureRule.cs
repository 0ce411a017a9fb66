using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Lookup;

/// <summary>Whether a question may be kept from its subject for a while. From the auditor it never is.</summary>
internal sealed class DisclosureRule(IOptions<LookupOptions> options, TimeProvider clock)
{
    /// <summary>When the subject may see the question; null for at once.</summary>
    public DateTimeOffset? Read(Wire.LookupRequest request, List<FieldError> errors)
    {
        if (request.DiscloseAfter is not { } wire)
            return null;
        var limits = options.Value;
        if (!limits.InvestigationBases.Contains(request.LegalBasis))
        {
            errors.Add(new("disclose_after", "must be absent: this legal basis does not allow to defer disclosure (Lookup:InvestigationBases)"));
            return null;
        }

        // Bounds first: Timestamp.ToDateTimeOffset throws on what is not normalised or too far.
        var ahead = wire.Seconds - clock.GetUtcNow().ToUnixTimeSeconds();
        if (wire.Nanos is < 0 or > 999_999_999 || ahead < 0 || ahead > (long)limits.DisclosureDeferredMax.TotalSeconds)
        {
            errors.Add(new("disclose_after", $"must be within {limits.DisclosureDeferredMax.TotalDays:0} days from now"));
            return null;
        }

        return wire.ToDateTimeOffset();
    }
}
