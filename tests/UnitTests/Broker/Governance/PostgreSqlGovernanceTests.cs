using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Governance;

[TestFixture]
[Category("PostgreSql")]
public sealed class PostgreSqlGovernanceTests : GovernanceContract
{
    private static int databases;

    private protected override async Task<CatalogueDatabase> CreateDatabaseAsync()
    {
        var server = await SharedServers.PostgresAsync();
        return new CatalogueDatabase(CatalogueProvider.Postgresql, await server.CreateDatabaseAsync($"governance{Interlocked.Increment(ref databases)}"));
    }
}
