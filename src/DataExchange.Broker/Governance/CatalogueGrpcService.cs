using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;

namespace DataExchange.Broker.Governance;

/// <summary>What the exchange offers, from the snapshot in force, and how that is changed. See catalogue.proto.</summary>
internal sealed class CatalogueGrpcService(
    CatalogueListingCache listings,
    Persons persons,
    Proposals proposals,
    GrantRequests requests,
    CutOffs cutOffs,
    AuditHistory history,
    CatalogueStore store,
    TimeProvider clock) : Wire.CatalogueService.CatalogueServiceBase
{
    private const int DaysDefault = 30;
    private const int DaysMax = 366;

    public override Task<Wire.ListDepartmentsResponse> ListDepartments(Wire.ListDepartmentsRequest request, ServerCallContext context)
    {
        var page = CataloguePage.Of("departments", listings.Current.Departments, request.PageSize, request.PageToken);
        return Task.FromResult(new Wire.ListDepartmentsResponse { Departments = { page.Messages }, NextPageToken = page.NextToken });
    }

    public override Task<Wire.ListAttributesResponse> ListAttributes(Wire.ListAttributesRequest request, ServerCallContext context)
    {
        var attributes = listings.Current.Attributes;
        if (request.Department.Length > 0)
        {
            var department = ReadDepartment(request.Department, "department");
            attributes = [.. attributes.Where(attribute => attribute.Message.Id.Department == department.Value)];
        }

        var page = CataloguePage.Of($"attributes {request.Department}", attributes, request.PageSize, request.PageToken);
        return Task.FromResult(new Wire.ListAttributesResponse { Attributes = { page.Messages }, NextPageToken = page.NextToken });
    }

    public override Task<Wire.ListMyGrantsResponse> ListMyGrants(Wire.ListMyGrantsRequest request, ServerCallContext context)
    {
        var caller = Caller(context);
        var page = CataloguePage.Of($"grants {caller}", listings.Current.GrantsOf(caller), request.PageSize, request.PageToken);
        return Task.FromResult(new Wire.ListMyGrantsResponse { Grants = { page.Messages }, NextPageToken = page.NextToken });
    }

    public override async Task<Wire.RequestGrantResponse> RequestGrant(Wire.RequestGrantRequest request, ServerCallContext context)
    {
        var asked = GovernanceReading.ReadGrant(request, Caller(context), clock.GetUtcNow());
        return new() { Request = (await requests.RequestAsync(asked, context.CancellationToken)).ToWire(clock.GetUtcNow()) };
    }

    public override async Task<Wire.ListGrantRequestsResponse> ListGrantRequests(Wire.ListGrantRequestsRequest request, ServerCallContext context)
    {
        var person = await persons.TryReadAsync(context);
        var list = $"grant-requests {(person is { IsOfExchange: true } ? "*" : Caller(context))} {request.WaitingOnly}";
        var (size, before) = CataloguePage.Read(list, request.PageSize, request.PageToken);
        var rows = await requests.ListAsync(Caller(context), person, request.WaitingOnly, before, size + 1, context.CancellationToken);
        return new()
        {
            Requests = { rows.Take(size).Select(row => row.ToWire(clock.GetUtcNow())) },
            NextPageToken = rows.Count > size ? CataloguePage.MakeToken(list, rows[size - 1].Id) : "",
        };
    }

    public override async Task<Wire.ApproveGrantRequestResponse> ApproveGrantRequest(Wire.ApproveGrantRequestRequest request, ServerCallContext context) =>
        new() { Proposal = ToWire(await requests.ApproveAsync(await persons.ReadAsync(context), request.Id, context.CancellationToken)) };

    public override async Task<Wire.RefuseGrantRequestResponse> RefuseGrantRequest(Wire.RefuseGrantRequestRequest request, ServerCallContext context)
    {
        var refused = await requests.RefuseAsync(await persons.ReadAsync(context), request.Id, request.Reasons, context.CancellationToken);
        return new() { Request = refused.ToWire(clock.GetUtcNow()) };
    }

    public override async Task<Wire.ProposeCatalogueResponse> ProposeCatalogue(Wire.ProposeCatalogueRequest request, ServerCallContext context)
    {
        var person = await persons.ReadAsync(context);
        var wanted = CatalogueRules.Read(request.Catalogue, "catalogue");
        return new() { Proposal = ToWire(await proposals.ProposeAsync(person, _ => wanted, request.Reason, request.Amends, context.CancellationToken)) };
    }

    public override async Task<Wire.RegisterDepartmentResponse> RegisterDepartment(Wire.RegisterDepartmentRequest request, ServerCallContext context)
    {
        var person = await persons.ReadAsync(context);
        var register = GovernanceReading.ReadRegistration(request);
        return new() { Proposal = ToWire(await proposals.ProposeAsync(person, register, request.Reason, "", context.CancellationToken)) };
    }

    public override async Task<Wire.ApproveProposalResponse> ApproveProposal(Wire.ApproveProposalRequest request, ServerCallContext context) => new()
    {
        Proposal = ToWire(await proposals.ApproveAsync(await persons.ReadAsync(context), request.Id, request.ContentHash, context.CancellationToken)),
    };

    public override async Task<Wire.WithdrawProposalResponse> WithdrawProposal(Wire.WithdrawProposalRequest request, ServerCallContext context) =>
        new() { Proposal = ToWire(await proposals.WithdrawAsync(await persons.ReadAsync(context), request.Id, context.CancellationToken)) };

    public override async Task<Wire.GetProposalResponse> GetProposal(Wire.GetProposalRequest request, ServerCallContext context) =>
        new() { Proposal = ToWire(await proposals.GetAsync(await persons.ReadAsync(context), request.Id, context.CancellationToken)) };

    public override async Task<Wire.ListProposalsResponse> ListProposals(Wire.ListProposalsRequest request, ServerCallContext context)
    {
        var person = await persons.ReadAsync(context);
        var list = $"proposals {person.Department} {request.WaitingOnly}";
        var (size, before) = CataloguePage.Read(list, request.PageSize, request.PageToken);
        var rows = await proposals.ListAsync(person, request.WaitingOnly, before, size + 1, context.CancellationToken);
        return new()
        {
            Proposals = { rows.Take(size).Select(row => row.ToWire(clock.GetUtcNow(), content: false)) },
            NextPageToken = rows.Count > size ? CataloguePage.MakeToken(list, rows[size - 1].Id) : "",
        };
    }

    public override async Task<Wire.RevokeGrantResponse> RevokeGrant(Wire.RevokeGrantRequest request, ServerCallContext context)
    {
        var person = await persons.ReadAsync(context);
        var key = new GrantKey(ReadDepartment(request.Consumer, "consumer"), GovernanceReading.ReadAttribute(request.Attribute), request.Purpose);
        return new() { Proposal = ToWireOrNone(await cutOffs.RevokeGrantAsync(person, key, request.Reason, context.CancellationToken)) };
    }

    public override async Task<Wire.RevokeKeyResponse> RevokeKey(Wire.RevokeKeyRequest request, ServerCallContext context) =>
        new() { Proposal = ToWireOrNone(await cutOffs.RevokeKeyAsync(await persons.ReadAsync(context), request.KeyId, request.Reason, context.CancellationToken)) };

    public override async Task<Wire.SuspendDepartmentResponse> SuspendDepartment(Wire.SuspendDepartmentRequest request, ServerCallContext context)
    {
        var person = await persons.ReadAsync(context);
        return new() { Proposal = ToWireOrNone(await cutOffs.SuspendAsync(person, ReadDepartment(request.Id, "id"), request.Reason, context.CancellationToken)) };
    }

    public override async Task<Wire.WithdrawRoleResponse> WithdrawRole(Wire.WithdrawRoleRequest request, ServerCallContext context)
    {
        await Persons.WithdrawRoleAsync(store, await persons.ReadAsync(context), request.Person, context.CancellationToken);
        return new();
    }

    public override async Task<Wire.TryCatalogueResponse> TryCatalogue(Wire.TryCatalogueRequest request, ServerCallContext context)
    {
        await RequireOfExchangeAsync(await persons.ReadAsync(context), context.CancellationToken, PersonRole.Manage, PersonRole.Audit);
        if (request.Days is < 0 or > DaysMax)
            throw ExchangeError.Invalid([new FieldError("days", $"must be 0 to {DaysMax}")]).ToRpcException();
        var until = clock.GetUtcNow();
        var from = until.AddDays(-(request.Days == 0 ? DaysDefault : request.Days));
        var proposed = CatalogueSnapshot.Of(0, CatalogueRules.Read(request.Catalogue, "catalogue"));
        var current = listings.Current.Of;
        var at = request.At is null ? until : GovernanceReading.ReadMoment(request.At, "at");

        var result = await history.ReadAsync(
            log => PolicyTrial.Compare(log.Select(recorded => recorded.Entry).Where(entry => IsWithin(entry, from, until)), current, proposed, at),
            context.CancellationToken);
        return new()
        {
            Changes = { result.Changes.Select(ToWire) },
            Lookups = result.Lookups,
            From = from.ToTimestamp(),
            Until = until.ToTimestamp(),
        };
    }

    public override async Task<Wire.ExplainLookupResponse> ExplainLookup(Wire.ExplainLookupRequest request, ServerCallContext context)
    {
        var person = await persons.TryReadAsync(context);
        if (person is not null)
            await RequireOfExchangeAsync(person, context.CancellationToken, PersonRole.Audit);
        if (request.RequestId.Length == 0)
            throw ExchangeError.Invalid([new FieldError("request_id", "must be that of a lookup")]).ToRpcException();
        var whose = person is null ? Caller(context) : (DepartmentId?)null;
        var found = await history.ReadAsync(log => LookupExplanation.Find(log, request.RequestId, whose), context.CancellationToken);
        return found.Count > 0
            ? new() { Lookups = { found.Select(recorded => LookupExplanation.Explain(recorded, listings.Current.Of, clock.GetUtcNow())) } }
            : throw ExchangeError.Of(ErrorReasons.NotFound).ToRpcException();
    }

    private Task<bool> RequireOfExchangeAsync(Person person, CancellationToken cancellationToken, params PersonRole[] roles)
    {
        Proposals.Require(person.IsOfExchange);
        return store.ChangeAsync(
            async change =>
            {
                await Persons.AdmitAsync(change, person, roles);
                return true;
            },
            cancellationToken,
            catalogue: false);
    }

    private Wire.Proposal ToWire(ProposalRow row) => row.ToWire(clock.GetUtcNow(), content: true);

    private Wire.Proposal? ToWireOrNone(ProposalRow? row) => row is null ? null : ToWire(row);

    private static Wire.AnswerChange ToWire(TrialChange change) => new()
    {
        Consumer = change.Consumer,
        Attribute = change.Attribute,
        Purpose = change.Purpose,
        LegalBasis = change.LegalBasis,
        Gained = change.Gained,
        Lost = change.Lost,
    };

    private static bool IsWithin(Wire.AuditEntry entry, DateTimeOffset from, DateTimeOffset until) =>
        entry.RecordedAt?.ToDateTimeOffset() is { } recorded && recorded >= from && recorded <= until;

    private static DepartmentId Caller(ServerCallContext context) => DepartmentId.Parse(context.GetPeer().Name);

    private static DepartmentId ReadDepartment(string text, string field) =>
        DepartmentId.TryParse(text, out var id) ? id : throw ExchangeError.Invalid([new FieldError(field, CodeName.Rule)]).ToRpcException();
}
