using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Governance;

[TestFixture]
public sealed class SqliteGovernanceTests : GovernanceContract
{
    private readonly TempFolder _folder = new();
    private int _databases;

    [OneTimeTearDown]
    public void RemoveDatabases() => _folder.Dispose();

    private protected override Task<CatalogueDatabase> CreateDatabaseAsync() => Task.FromResult(
        new CatalogueDatabase(CatalogueProvider.Sqlite, $"Data Source={_folder[$"{++_databases}.db"]}"));
}
