using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;

namespace DataExchange.Broker.Lookup;

/// <summary>A lookup request whose every field keeps its rule.</summary>
internal sealed record LookupQuestion(
    Identifier Identifier,
    AttributeId[] Attributes,
    string Purpose,
    string LegalBasis,
    string CaseId,
    TimeSpan? MaxAge,
    bool AcceptStale,
    string RequestId,
    DateTimeOffset? DiscloseAfter = null,
    string Operator = "")
{
    /// <summary>Reads the request; on failure <paramref name="error"/> names every field at fault at once.</summary>
    public static LookupQuestion? Read(
        Wire.LookupRequest request, CatalogueSnapshot catalogue, DisclosureRule disclosure, OperatorRule operators, out ExchangeError? error)
    {
        var errors = new List<FieldError>();

        if (!catalogue.Schemes.TryRead(request.Identifier, "identifier", out var identifier, out var identifierError))
            errors.Add(identifierError);
        var attributes = ReadAttributes(request, errors);
        CaseRules.Check(request.Purpose, request.LegalBasis, request.CaseId, errors);
        if (request.RequestId.Length > 0)
            CaseRules.CheckReference("request_id", request.RequestId, errors);
        var maxAge = ReadMaxAge(request, errors);
        var discloseAfter = disclosure.Read(request, errors);
        operators.Check(request, errors);

        error = errors.Count > 0 ? ExchangeError.Invalid(errors) : null;
        if (error is not null)
            return null;
        var requestId = request.RequestId.Length > 0 ? request.RequestId : Guid.NewGuid().ToString("N");
        return new LookupQuestion(
            identifier, attributes, request.Purpose, request.LegalBasis, request.CaseId, maxAge, request.AcceptStale, requestId, discloseAfter,
            request.Operator);
    }

    private static AttributeId[] ReadAttributes(Wire.LookupRequest request, List<FieldError> errors)
    {
        if (request.Attributes.Count is 0 or > WireLimits.AttributesPerLookupMax)
        {
            errors.Add(new("attributes", $"must name 1 to {WireLimits.AttributesPerLookupMax} attributes"));
            return [];
        }

        var attributes = new AttributeId[request.Attributes.Count];
        for (var i = 0; i < attributes.Length; i++)
        {
            if (!AttributeId.TryRead(request.Attributes[i], out attributes[i]))
                errors.Add(new($"attributes[{i}]", AttributeId.Rule));
            else if (attributes.AsSpan(0, i).Contains(attributes[i]))
                errors.Add(new($"attributes[{i}]", "must not repeat an attribute"));
        }

        return attributes;
    }

    private static TimeSpan? ReadMaxAge(Wire.LookupRequest request, List<FieldError> errors)
    {
        if (request.MaxAge is not { } wire)
            return null;
        // Bounds first: Duration.ToTimeSpan throws on what is not normalised or too long.
        if (wire.Seconds is < 0 or > 100L * 366 * 86_400 || wire.Nanos is < 0 or > 999_999_999)
        {
            errors.Add(new("max_age", "must be from 0 to 100 years"));
            return null;
        }

        return wire.ToTimeSpan();
    }
}
