using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;

namespace DataExchange.Broker.Accesses;

/// <summary>A request for a subject's accesses whose every field keeps its rule.</summary>
internal sealed record AccessQuestion(Identifier Identifier, string Purpose, string LegalBasis, string CaseId)
{
    /// <summary>Reads the request; on failure <paramref name="error"/> names every field at fault at once.</summary>
    public static AccessQuestion? Read(Wire.ListAccessesRequest request, CatalogueSnapshot catalogue, out ExchangeError? error)
    {
        var errors = new List<FieldError>();
        if (!catalogue.Schemes.TryRead(request.Identifier, "identifier", out var identifier, out var invalid))
            errors.Add(invalid);
        CaseRules.Check(request.Purpose, request.LegalBasis, request.CaseId, errors);
        error = errors.Count > 0 ? ExchangeError.Invalid(errors) : null;
        return error is null ? new AccessQuestion(identifier, request.Purpose, request.LegalBasis, request.CaseId) : null;
    }
}
