using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Catalogue;

[TestFixture]
[Category("PostgreSql")]
public sealed class PostgreSqlCatalogueStoreTests : CatalogueStoreContract
{
    private static int databases;

    private protected override async Task<CatalogueDatabase> CreateDatabaseAsync()
    {
        var server = await SharedServers.PostgresAsync();
        return new CatalogueDatabase(CatalogueProvider.Postgresql, await server.CreateDatabaseAsync($"catalogue{Interlocked.Increment(ref databases)}"));
    }
}
