using System.Diagnostics;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;
using DataExchange.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Catalogue;

[TestFixture]
public sealed class CatalogueWatcherTests
{
    private static readonly TimeSpan InForceWithin = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new();
    private TempFolder _folder = null!;
    private LogCapture _logs = null!;
    private CatalogueState _state = null!;

    [SetUp]
    public void Begin() => (_folder, _logs, _state) = (new TempFolder(), new LogCapture(), new CatalogueState());

    [TearDown]
    public void End()
    {
        _logs.VerifyNoErrors();
        _logs.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Start_DatabaseWithACatalogue_HasItInForce()
    {
        await ApplyAsync(SampleCatalogue.Yaml);
        using var watcher = Watcher(TimeProvider.System);

        await watcher.StartAsync(default);

        AssertSame(_state.Current!, CatalogueSnapshot.Of(1, SampleCatalogue.File(SampleCatalogue.Yaml)));
        await watcher.StopAsync(default);
    }

    [Test]
    public async Task Apply_ByAnotherProcess_IsInForceWithinFiveSeconds()
    {
        using var watcher = Watcher(TimeProvider.System);
        await watcher.StartAsync(default);
        var inForce = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        var applied = 0L;
        _state.Changed += snapshot =>
        {
            if (snapshot.Version == 1)
                inForce.TrySetResult(Stopwatch.GetElapsedTime(Volatile.Read(ref applied)));
        };

        await ApplyAsync(SampleCatalogue.Yaml);
        Volatile.Write(ref applied, Stopwatch.GetTimestamp());

        Assert.That(await inForce.Task.WaitAsync(TimeSpan.FromSeconds(30)), Is.LessThan(InForceWithin));
        Assert.That(_state.Current!.Grants, Has.Count.EqualTo(2));
        await watcher.StopAsync(default);
    }

    [Test]
    public async Task Refresh_NoFolderYet_MakesItAndHasAnEmptyCatalogue()
    {
        using var watcher = new CatalogueWatcher(
            new CatalogueStore(Database("new/folder/catalogue.db"), _time), _state, Options.Create(new CatalogueOptions()), _time, Logger());

        await watcher.RefreshAsync(default);

        Assert.That((_state.Current!.Version, _state.Current.Departments.Count), Is.EqualTo((0L, 0)));
    }

    [Test]
    public async Task Refresh_NothingApplied_KeepsTheVerySnapshot()
    {
        await ApplyAsync(SampleCatalogue.Yaml);
        using var watcher = Watcher(_time);
        await watcher.RefreshAsync(default);
        var before = _state.Current;

        await watcher.RefreshAsync(default);

        Assert.That(_state.Current, Is.SameAs(before));
    }

    [Test]
    public async Task Refresh_DatabaseGone_KeepsTheCatalogueAndTellsItsAge()
    {
        await ApplyAsync(SampleCatalogue.Yaml);
        using var watcher = Watcher(_time);
        await watcher.RefreshAsync(default);
        var before = _state.Current;
        File.Move(_folder["catalogue.db"], _folder["gone.db"]);
        _time.Advance(TimeSpan.FromMinutes(5));

        await watcher.RefreshAsync(default);

        var degraded = await HealthAsync(watcher);
        Assert.That(_state.Current, Is.SameAs(before));
        Assert.That((degraded.Status, degraded.Data["ageSeconds"], degraded.Data["version"]), Is.EqualTo((HealthStatus.Degraded, 300.0, 1L)));

        _time.Advance(TimeSpan.FromTicks(1));
        await watcher.RefreshAsync(default);
        Assert.That((await HealthAsync(watcher)).Status, Is.EqualTo(HealthStatus.Unhealthy));

        File.Move(_folder["gone.db"], _folder["catalogue.db"]);
        await watcher.RefreshAsync(default);
        var healthy = await HealthAsync(watcher);
        Assert.That((healthy.Status, healthy.Data["ageSeconds"]), Is.EqualTo((HealthStatus.Healthy, 0.0)));
        Assert.That(
            _logs.All.Select(log => log.EventId.Name),
            Is.EqualTo(new[] { "CatalogueInForce", "CatalogueCannotRead", "CatalogueReadAgain" }), "one line for one outage");
    }

    [Test]
    public async Task Refresh_NoDatabaseEver_IsUnhealthyAndHasNoCatalogue()
    {
        File.WriteAllText(_folder["no-folder"], "");
        using var watcher = new CatalogueWatcher(
            new CatalogueStore(Database("no-folder/catalogue.db"), _time), _state, Options.Create(new CatalogueOptions()), _time, Logger());
        Assert.That((await HealthAsync(watcher)).Status, Is.EqualTo(HealthStatus.Degraded), "not tried yet");

        await watcher.RefreshAsync(default);

        Assert.That(_state.Current, Is.Null);
        Assert.That((await HealthAsync(watcher)).Status, Is.EqualTo(HealthStatus.Unhealthy));
    }

    [Test]
    public async Task Refresh_RowsEditedByHand_KeepsTheCatalogueUntilTheyAreMended()
    {
        await ApplyAsync(SampleCatalogue.Yaml);
        using var watcher = Watcher(_time);
        await watcher.RefreshAsync(default);

        await ExecuteAsync("UPDATE department_keys SET public_key = 'AAAA'; UPDATE catalogue_version SET version = 2");
        await watcher.RefreshAsync(default);

        Assert.That((_state.Current!.Version, watcher.IsFailing), Is.EqualTo((1L, true)));
        await ApplyAsync(SampleCatalogue.Yaml);
        await watcher.RefreshAsync(default);
        Assert.That((_state.Current!.Version, watcher.IsFailing), Is.EqualTo((3L, false)));
    }

    [Test]
    [Category("PostgreSql")]
    public async Task Refresh_PostgreSqlKilledAndBack_KeepsTheCatalogueAndGoesOn()
    {
        await using var server = await PostgresProcess.StartNewAsync();
        var database = new CatalogueDatabase(CatalogueProvider.Postgresql, await server.CreateDatabaseAsync("catalogue"));
        var store = new CatalogueStore(database, TimeProvider.System);
        using var watcher = new CatalogueWatcher(store, _state, Options.Create(new CatalogueOptions()), TimeProvider.System, Logger());
        await watcher.RefreshAsync(default);
        await store.ApplyAsync(SampleCatalogue.File(SampleCatalogue.Yaml), default);
        await watcher.StartAsync(default);

        await server.KillAsync();
        await Eventually.Async("degraded", async () => (await HealthAsync(watcher)).Status == HealthStatus.Degraded);
        Assert.That(_state.Current!.Version, Is.EqualTo(1));

        await server.StartAsync();
        await Eventually.Async("applied", async () => (await store.ApplyAsync(new CatalogueFile(), default)).Version == 2);
        await Eventually.Async("in force", () => _state.Current!.Version == 2, InForceWithin);
        await watcher.StopAsync(default);
    }

    [Test]
    public async Task Poll_ByTheInjectedClock_HappensEachInterval()
    {
        using var watcher = Watcher(_time);
        await watcher.StartAsync(default);
        await ApplyAsync(SampleCatalogue.Yaml);
        Assert.That(_state.Current!.Version, Is.Zero);

        await Eventually.Async("polled", () =>
        {
            _time.Advance(new CatalogueOptions().PollInterval);
            return _state.Current!.Version == 1;
        });
        await watcher.StopAsync(default);
    }

    private static void AssertSame(CatalogueSnapshot actual, CatalogueSnapshot expected) => Assert.Multiple(() =>
    {
        Assert.That(actual.Version, Is.EqualTo(expected.Version));
        Assert.That(actual.Departments.Keys, Is.EquivalentTo(expected.Departments.Keys));
        foreach (var department in expected.Departments.Values)
        {
            var found = actual.Departments[department.Id];
            Assert.That(
                (found.Name, found.AdapterAddress, found.Suspended), Is.EqualTo((department.Name, department.AdapterAddress, department.Suspended)));
            Assert.That(found.AcceptedEpoch, Is.EqualTo(department.AcceptedEpoch));
            Assert.That(found.Keys.Values.Select(k => (k.Id, k.Uses)), Is.EquivalentTo(department.Keys.Values.Select(k => (k.Id, k.Uses))));
            Assert.That(
                found.Keys.Values.Select(k => KeyId.Of(k.PublicKey.ExportSubjectPublicKeyInfo())), Is.EquivalentTo(department.Keys.Keys));
        }

        Assert.That(actual.Attributes, Is.EquivalentTo(expected.Attributes));
        Assert.That(actual.Schemes.Names, Is.EqualTo(expected.Schemes.Names));
        Assert.That(actual.LinkRights, Is.EquivalentTo(expected.LinkRights));
        Assert.That(actual.Grants, Is.EquivalentTo(expected.Grants));
    });

    private CatalogueWatcher Watcher(TimeProvider time) =>
        new(new CatalogueStore(Database("catalogue.db"), time), _state, Options.Create(new CatalogueOptions()), time, Logger());

    private Task<HealthCheckResult> HealthAsync(CatalogueWatcher watcher) =>
        new CatalogueHealthCheck(_state, watcher, Options.Create(new CatalogueOptions())).CheckHealthAsync(new HealthCheckContext());

    private async Task ApplyAsync(string yaml)
    {
        var store = new CatalogueStore(Database("catalogue.db"), TimeProvider.System);
        await store.PrepareAsync(default);
        await store.ApplyAsync(SampleCatalogue.File(yaml), default);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var context = Database("catalogue.db").Open();
        await context.Database.ExecuteSqlRawAsync(sql);
    }

    private CatalogueDatabase Database(string name) => new(CatalogueProvider.Sqlite, $"Data Source={_folder[name]}");

    private Logger<CatalogueWatcher> Logger() => new(new LoggerFactory([_logs]));
}
