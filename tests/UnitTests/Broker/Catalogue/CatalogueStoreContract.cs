using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Catalogue;

/// <summary>What the store promises, whatever database is beneath it.</summary>
public abstract class CatalogueStoreContract
{
    private CatalogueStore _store = null!;

    /// <summary>An empty database of its own for each test.</summary>
    private protected abstract Task<CatalogueDatabase> CreateDatabaseAsync();

    private protected CatalogueDatabase Database { get; private set; } = null!;

    [SetUp]
    public async Task PrepareAsync()
    {
        Database = await CreateDatabaseAsync();
        _store = new CatalogueStore(Database, TimeProvider.System);
        await _store.PrepareAsync(default);
    }

    [Test]
    public async Task Read_NothingApplied_IsEmptyAtVersionZero()
    {
        var (version, file) = await _store.ReadAsync(default);

        Assert.That((version, await _store.ReadVersionAsync(default)), Is.EqualTo((0L, 0L)));
        AssertSame(file, new CatalogueFile());
    }

    [Test]
    public async Task Apply_File_IsReadBackWhole()
    {
        var file = SampleCatalogue.File(SampleCatalogue.Yaml);

        var diff = await _store.ApplyAsync(file, default);

        var (version, read) = await _store.ReadAsync(default);
        AssertSame(read, file);
        Assert.That((version, diff.Version), Is.EqualTo((1L, 1L)));
        Assert.That(
            diff.Kinds.Select(k => (k.Kind, k.Added.Count, k.Changed.Count, k.Removed.Count)),
            Is.EqualTo(new[] { ("departments", 2, 0, 0), ("keys", 2, 0, 0), ("schemes", 2, 0, 0), ("attributes", 2, 0, 0), ("link rights", 1, 0, 0), ("grants", 2, 0, 0), ("calendar", 2, 0, 0) }));
    }

    [Test]
    public async Task Apply_Twice_IsNoChange()
    {
        var file = SampleCatalogue.File(SampleCatalogue.Yaml);
        await _store.ApplyAsync(file, default);

        var again = await _store.ApplyAsync(SampleCatalogue.File(SampleCatalogue.Yaml), default);

        Assert.That((again.IsEmpty, again.Version, await _store.ReadVersionAsync(default)), Is.EqualTo((true, 1L, 1L)));
    }

    [Test]
    public async Task Apply_AnotherFile_AddsChangesAndRemovesExactlyTheDifference()
    {
        await _store.ApplyAsync(SampleCatalogue.File(SampleCatalogue.Yaml), default);
        var wanted = SampleCatalogue.File(SampleCatalogue.Yaml
            .Replace("title: Address", "title: Place of living", StringComparison.Ordinal)
            .Replace("name: buyer-id", "name: supplier-id", StringComparison.Ordinal)
            .Replace("schemes: [cn-resident, coins]", "schemes: [cn-uscc, coins]", StringComparison.Ordinal)
            .Replace("      - civil-affairs/address\n", "", StringComparison.Ordinal));

        var diff = await _store.ApplyAsync(wanted, default);

        AssertSame((await _store.ReadAsync(default)).File, wanted);
        Assert.That(
            diff.Kinds.SelectMany(k => k.Added.Select(n => $"+{n}").Concat(k.Changed.Select(n => $"~{n}")).Concat(k.Removed.Select(n => $"-{n}"))),
            Is.EqualTo(new[]
            {
                "+supplier-id", "-buyer-id", "~civil-affairs/address", "+civil-affairs cn-uscc coins", "-civil-affairs cn-resident coins",
                "-housing civil-affairs/address rent-subsidy",
            }));
    }

    [Test]
    public async Task Apply_EmptyFile_RemovesEverything()
    {
        await _store.ApplyAsync(SampleCatalogue.File(SampleCatalogue.Yaml), default);

        await _store.ApplyAsync(SampleCatalogue.File("{}"), default);

        AssertSame((await _store.ReadAsync(default)).File, new CatalogueFile());
    }

    [Test]
    public async Task Apply_KeyMovesToAnotherDepartment_IsOneChange()
    {
        await _store.ApplyAsync(SampleCatalogue.File(SampleCatalogue.Yaml), default);
        var swapped = SampleCatalogue.Yaml
            .Replace(SampleCatalogue.Indent(SampleCatalogue.FirstKey, 12), "FIRST", StringComparison.Ordinal)
            .Replace(SampleCatalogue.Indent(SampleCatalogue.SecondKey, 12), SampleCatalogue.Indent(SampleCatalogue.FirstKey, 12), StringComparison.Ordinal)
            .Replace("FIRST", SampleCatalogue.Indent(SampleCatalogue.SecondKey, 12), StringComparison.Ordinal);

        var diff = await _store.ApplyAsync(SampleCatalogue.File(swapped), default);

        Assert.That(diff.Kinds.Single(k => k.Kind == "keys").Changed, Has.Count.EqualTo(2));
        AssertSame((await _store.ReadAsync(default)).File, SampleCatalogue.File(swapped));
    }

    [Test]
    public async Task Apply_ManyAtOnce_LeavesOneOfThemWholeAndCountsEach()
    {
        // Each file names everything differently, so that any two of them mixed show.
        var files = Enumerable.Range(0, 8).Select(Marked).ToList();

        var diffs = await Task.WhenAll(files.Select(file => Task.Run(() => new CatalogueStore(Database, TimeProvider.System).ApplyAsync(file, default))));

        var (version, read) = await _store.ReadAsync(default);
        Assert.That(diffs.Select(d => d.Version).Order(), Is.EqualTo(Enumerable.Range(1, 8)), "one after the other");
        Assert.That(version, Is.EqualTo(8));
        AssertSame(read, files[Array.FindIndex(diffs, d => d.Version == 8)]);
    }

    [Test]
    public async Task Read_WhileOthersApply_IsAlwaysOneVersion()
    {
        await _store.ApplyAsync(Marked(0), default);
        var applying = Task.Run(async () =>
        {
            for (var i = 1; i <= 20; i++)
                await _store.ApplyAsync(Marked(i), default);
        });

        while (!applying.IsCompleted)
        {
            var (version, file) = await _store.ReadAsync(default);
            AssertSame(file, Marked((int)version - 1));
        }

        await applying;
    }

    [Test]
    public async Task Prepare_ManyAtOnce_MakesTheTablesOnce()
    {
        var database = await CreateDatabaseAsync();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => new CatalogueStore(database, TimeProvider.System).PrepareAsync(default))));

        Assert.That(await new CatalogueStore(database, TimeProvider.System).ReadVersionAsync(default), Is.Zero);
    }

    [Test]
    public async Task Prepare_TablesOfANewerRelease_AreLeftAlone()
    {
        await using var context = Database.Open();
        await context.Database.ExecuteSqlRawAsync("UPDATE catalogue_schema SET step = 99");

        Assert.That(
            () => _store.PrepareAsync(default),
            Throws.TypeOf<CatalogueUnavailableException>().With.Message.Contains("newer release"));
    }

    [Test]
    public async Task Schema_EveryTable_HasTheColumnsThatAreMapped()
    {
        await using var context = Database.Open();
        await context.Database.OpenConnectionAsync();
        foreach (var type in context.Model.GetEntityTypes())
        {
            var table = type.GetTableName()!;
            await using var command = context.Database.GetDbConnection().CreateCommand();
            command.CommandText = $"SELECT * FROM {table} WHERE 1 = 0";
            await using var reader = await command.ExecuteReaderAsync();
            var columns = await reader.GetColumnSchemaAsync();

            var mapped = type.GetProperties().Select(p => p.GetColumnName(StoreObjectIdentifier.Table(table)));
            Assert.That(columns.Select(c => c.ColumnName), Is.EquivalentTo(mapped), table);
        }
    }

    private static CatalogueFile Marked(int mark) => SampleCatalogue.File(SampleCatalogue.Yaml
        .Replace("housing", $"housing-{mark}", StringComparison.Ordinal)
        .Replace("marital-status", $"marital-status-{mark}", StringComparison.Ordinal)
        .Replace("coins", $"coins-{mark}", StringComparison.Ordinal)
        .Replace("rent-subsidy", $"rent-subsidy-{mark}", StringComparison.Ordinal)
        .Replace("Civil affairs", $"Civil affairs {mark}", StringComparison.Ordinal));

    private static void AssertSame(CatalogueFile actual, CatalogueFile expected) => Assert.Multiple(() =>
    {
        Assert.That(actual.Departments, Is.EquivalentTo(expected.Departments));
        Assert.That(actual.Keys, Is.EquivalentTo(expected.Keys));
        Assert.That(actual.Schemes, Is.EquivalentTo(expected.Schemes));
        Assert.That(actual.Attributes, Is.EquivalentTo(expected.Attributes));
        Assert.That(actual.LinkRights, Is.EquivalentTo(expected.LinkRights));
        Assert.That(actual.Grants, Is.EquivalentTo(expected.Grants));
        Assert.That(actual.Calendar, Is.EquivalentTo(expected.Calendar));
    });
}
