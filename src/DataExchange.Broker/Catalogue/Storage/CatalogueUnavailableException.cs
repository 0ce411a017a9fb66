using System.Data.Common;
using System.Net.Sockets;

namespace DataExchange.Broker.Catalogue.Storage;

/// <summary>The catalogue's database cannot be read or written now. The message holds no secret.</summary>
public sealed class CatalogueUnavailableException(string message, Exception? inner = null) : Exception(message, inner)
{
    internal static CatalogueUnavailableException Of(Exception failure) =>
        failure as CatalogueUnavailableException
        ?? new CatalogueUnavailableException($"The catalogue's database cannot be used: {DatabaseCause(failure)?.Message ?? failure.GetType().Name}", failure);

    /// <summary>EF Core and Npgsql wrap what the database or the disk says in several kinds of exception.</summary>
    internal static bool IsDatabaseFailure(Exception failure) => failure is CatalogueUnavailableException || DatabaseCause(failure) is not null;

    private static Exception? DatabaseCause(Exception? failure)
    {
        while (failure is not (null or DbException or IOException or SocketException or TimeoutException or UnauthorizedAccessException))
            failure = failure.InnerException;
        return failure;
    }
}
