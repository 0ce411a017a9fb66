using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Catalogue;

[TestFixture]
public sealed class SqliteCatalogueStoreTests : CatalogueStoreContract
{
    private readonly TempFolder _folder = new();
    private int _databases;

    [OneTimeTearDown]
    public void RemoveDatabases() => _folder.Dispose();

    [Test]
    public void Read_NoFile_IsUnavailableAndMakesNone()
    {
        Assert.That(CatalogueDatabase.TryParse($"sqlite:{_folder["absent.db"]}", out var absent));

        Assert.That(() => new CatalogueStore(absent!, TimeProvider.System).ReadAsync(default), Throws.TypeOf<CatalogueUnavailableException>());
        Assert.That(File.Exists(_folder["absent.db"]), Is.False);
    }

    private protected override Task<CatalogueDatabase> CreateDatabaseAsync() => Task.FromResult(
        new CatalogueDatabase(CatalogueProvider.Sqlite, $"Data Source={_folder[$"{++_databases}.db"]}"));
}
