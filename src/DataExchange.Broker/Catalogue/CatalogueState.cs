namespace DataExchange.Broker.Catalogue;

/// <summary>The catalogue in force in this process. Written by the watcher only; thread safe.</summary>
internal sealed class CatalogueState
{
    private volatile CatalogueSnapshot? _current;

    /// <summary>
    /// Raised after <see cref="Current"/> has changed, on the watcher's thread. A handler MUST return at once and MUST NOT throw.
    /// </summary>
    public event Action<CatalogueSnapshot>? Changed;

    /// <summary>Null until the catalogue has been read once: the hub then answers CATALOGUE_UNAVAILABLE.</summary>
    public CatalogueSnapshot? Current => _current;

    public void Replace(CatalogueSnapshot snapshot)
    {
        _current = snapshot;
        Changed?.Invoke(snapshot);
    }
}
