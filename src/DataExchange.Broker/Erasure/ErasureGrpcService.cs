using DataExchange.Broker.Catalogue;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Erasure;

/// <summary>The wire side of <see cref="SubjectErasure"/>: who may, and what the request must hold. See erasure.proto.</summary>
internal sealed class ErasureGrpcService(SubjectErasure erasure, CatalogueState catalogue, IOptions<ErasureOptions> options)
    : Wire.ErasureService.ErasureServiceBase
{
    public override async Task<Wire.EraseSubjectResponse> EraseSubject(Wire.EraseSubjectRequest request, ServerCallContext context)
    {
        // Before anything is read, so that a refusal says nothing about the subject.
        var caller = DepartmentId.Parse(context.GetPeer().Name);
        if (!options.Value.Departments.Contains(caller.Value))
            throw ExchangeError.Of(ErrorReasons.ErasureNotAllowed).ToRpcException();
        var snapshot = catalogue.Current ?? throw ExchangeError.Of(ErrorReasons.CatalogueUnavailable).ToRpcException();

        var errors = new List<FieldError>();
        if (!snapshot.Schemes.TryRead(request.Identifier, "identifier", out var identifier, out var invalid))
            errors.Add(invalid);
        CaseRules.CheckCase(request.LegalBasis, request.CaseId, errors);
        if (errors.Count > 0)
            throw ExchangeError.Invalid(errors).ToRpcException();

        var outcome = await erasure.EraseAsync(new ErasureRequest(identifier, snapshot.Linkers, caller, request.LegalBasis, request.CaseId), context.CancellationToken);
        if (outcome.Error is { } error)
            throw error.ToRpcException();
        return new Wire.EraseSubjectResponse
        {
            Identifiers = (uint)outcome.Identifiers,
            Receipt = outcome.Position.ToReceipt(),
        };
    }
}
