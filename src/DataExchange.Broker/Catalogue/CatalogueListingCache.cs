using DataExchange.Contracts;

namespace DataExchange.Broker.Catalogue;

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
