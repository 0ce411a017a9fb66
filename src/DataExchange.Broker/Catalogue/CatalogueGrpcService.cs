using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Core;

namespace DataExchange.Broker.Catalogue;

/// <summary>What the exchange offers to the departments on it, from the snapshot in force. See catalogue.proto.</summary>
internal sealed class CatalogueGrpcService(CatalogueListingCache listings) : Wire.CatalogueService.CatalogueServiceBase
{
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
            if (!DepartmentId.TryParse(request.Department, out var department))
                throw ExchangeError.Invalid([new FieldError("department", CodeName.Rule)]).ToRpcException();
            attributes = [.. attributes.Where(attribute => attribute.Message.Id.Department == department.Value)];
        }

        var page = CataloguePage.Of($"attributes {request.Department}", attributes, request.PageSize, request.PageToken);
        return Task.FromResult(new Wire.ListAttributesResponse { Attributes = { page.Messages }, NextPageToken = page.NextToken });
    }

    public override Task<Wire.ListMyGrantsResponse> ListMyGrants(Wire.ListMyGrantsRequest request, ServerCallContext context)
    {
        var caller = DepartmentId.Parse(context.GetPeer().Name);
        var page = CataloguePage.Of($"grants {caller}", listings.Current.GrantsOf(caller), request.PageSize, request.PageToken);
        return Task.FromResult(new Wire.ListMyGrantsResponse { Grants = { page.Messages }, NextPageToken = page.NextToken });
    }
}

/// <summary>The listing of the snapshot in force, made when it is first asked for. Thread safe.</summary>
internal sealed class CatalogueListingCache(CatalogueState state)
{
    private volatile CatalogueListing? _last;

    public CatalogueListing Current
    {
        get
        {
            var snapshot = state.Current ?? throw ExchangeError.Of(ErrorReasons.CatalogueUnavailable).ToRpcException();
            var last = _last;
            return last?.Of == snapshot ? last : _last = new CatalogueListing(snapshot);
        }
    }
}
