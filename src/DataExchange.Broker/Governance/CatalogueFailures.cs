using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace DataExchange.Broker.Governance;

/// <summary>Around CatalogueService: a database that does not answer is an expected failure.</summary>
internal sealed class CatalogueFailures : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        try
        {
            return await continuation(request, context);
        }
        catch (CatalogueUnavailableException)
        {
            throw ExchangeError.Of(ErrorReasons.CatalogueUnavailable).ToRpcException();
        }
    }
}
