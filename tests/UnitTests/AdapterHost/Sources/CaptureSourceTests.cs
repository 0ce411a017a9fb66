using DataExchange.AdapterHost.Sources;
using DataExchange.Hosting;
using DataExchange.Testing;
using Npgsql;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost.Sources;

/// <summary>Logical replication of a real PostgreSQL.</summary>
[TestFixture]
[Category("PostgreSql")]
public sealed class CaptureSourceTests
{
    private const string Facts = "body:AB1/title=Alpha|body:AB2/title=Beta";

    private static int databases;

    private PostgresProcess _server = null!;
    private TempFolder _folder = null!;
    private NpgsqlConnection _connection = null!;
    private Department _department = null!;

    [OneTimeSetUp]
    public async Task StartServerAsync() => _server = await PostgresProcess.StartNewAsync("wal_level=logical");

    [OneTimeTearDown]
    public async Task StopServerAsync() => await _server.DisposeAsync();

    [SetUp]
    public async Task StartAsync()
    {
        _folder = new TempFolder();
        var name = $"captured{Interlocked.Increment(ref databases)}";
        var connectionString = await _server.CreateDatabaseAsync(name);
        _connection = new NpgsqlConnection(connectionString);
        await _connection.OpenAsync();
        WholeFile.Write(_folder["connection"], System.Text.Encoding.UTF8.GetBytes(connectionString), WholeFile.OwnerOnly, overwrite: false);
        await ExecuteAsync("CREATE TABLE bodies (id VARCHAR(20) PRIMARY KEY, former INTEGER, kind TEXT, title TEXT, state TEXT, founded DATE, address TEXT)");
        await ExecuteAsync("INSERT INTO bodies (id, title) VALUES ('ab1', 'Alpha'), ('AB2', 'Beta')");
        var source = SampleFile.Source
            .Replace("files: {folder: data, pattern: \"*.csv\", quiet: \"00:00:00\"}",
                $"sql: {{provider: postgresql, connection_path: {_folder["connection"]}, table: bodies, compare_interval: '1.00:00:00', capture: {{slot: {name}, publication: bodies}}}}", StringComparison.Ordinal)
            .Replace(", format: dd.MM.yyyy", "", StringComparison.Ordinal);
        _department = new Department(SampleFile.Head + source + "    withdraw_percent_max: 60\n");
        await _department.ReadAsync();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _department.DisposeAsync();
        await _connection.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Stream_WrittenRows_AreFollowedWithoutReadingTheOthers()
    {
        Assert.That(Held(), Is.EqualTo(Facts), "the snapshot");

        await ExecuteAsync("INSERT INTO bodies (id, title, former) VALUES ('AB3', 'Gamma', 17)");
        await UntilAsync(Facts + "|body:AB3/title=Gamma|body:AB3~old:17");
        await ExecuteAsync("UPDATE bodies SET title = 'Beta 2' WHERE id = 'AB2'");
        await UntilAsync("body:AB1/title=Alpha|body:AB2/title=Beta 2|body:AB3/title=Gamma|body:AB3~old:17");
        await ExecuteAsync("UPDATE bodies SET id = 'AB4' WHERE id = 'AB3'");
        await UntilAsync("body:AB1/title=Alpha|body:AB2/title=Beta 2|body:AB4/title=Gamma|body:AB4~old:17");
        await ExecuteAsync("UPDATE bodies SET kind = 'test' WHERE id = 'AB4'");
        await UntilAsync("body:AB1/title=Alpha|body:AB2/title=Beta 2");
        await ExecuteAsync("DELETE FROM bodies WHERE id = 'ab1'");
        await UntilAsync("body:AB2/title=Beta 2");

        Assert.That(_department.Status.Last!.Rows, Is.EqualTo(2), "the table was read once");
    }

    [Test]
    public async Task Stream_SeveralWritesOfOneRow_GiveItsLastState()
    {
        var before = _department.Hub.Stored;
        await ExecuteAsync("BEGIN; UPDATE bodies SET title = 'x' WHERE id = 'AB2'; UPDATE bodies SET title = 'y' WHERE id = 'AB2'; DELETE FROM bodies WHERE id = 'ab1'; INSERT INTO bodies (id, title) VALUES ('ab1', 'Alpha'); COMMIT");

        await UntilAsync("body:AB1/title=Alpha|body:AB2/title=y");

        Assert.That(_department.Hub.Stored - before, Is.EqualTo(1));
    }

    [Test]
    public async Task Stream_AfterARestart_GoesOnWhereItWas()
    {
        await ExecuteAsync("UPDATE bodies SET title = 'Beta 2' WHERE id = 'AB2'; DELETE FROM bodies WHERE id = 'ab1'");

        await _department.RestartAsync();
        await UntilAsync("body:AB2/title=Beta 2");
        await ExecuteAsync("UPDATE bodies SET title = 'Beta 3' WHERE id = 'AB2'");
        await UntilAsync("body:AB2/title=Beta 3");
    }

    [Test]
    public async Task Stream_ServerThatRestarts_IsTakenUpAgain()
    {
        await _connection.CloseAsync();
        await _server.RestartAsync();
        NpgsqlConnection.ClearAllPools();
        await _connection.OpenAsync();
        await ExecuteAsync("UPDATE bodies SET title = 'Beta 2' WHERE id = 'AB2'");

        await UntilAsync("body:AB1/title=Alpha|body:AB2/title=Beta 2");
    }

    [Test]
    public async Task Truncate_OfTheTable_AsksBeforeItWithdraws()
    {
        await ExecuteAsync("TRUNCATE bodies");

        await Eventually.Async("the source stops", async () => await StoppedAsync() is { } reason && reason.Contains("2 of 2 subjects are gone", StringComparison.Ordinal));
        Assert.That(Held(), Is.EqualTo(Facts));
    }

    [TestCase("ALTER TABLE bodies ALTER COLUMN former TYPE TEXT", "column former of its table was changed")]
    [TestCase("ALTER TABLE bodies RENAME COLUMN state TO status", "column state of its table was changed")]
    public async Task Schema_ColumnOfTheMappingChanged_StopsWithAReason(string change, string reason)
    {
        await ExecuteAsync("UPDATE bodies SET title = 'Beta 2' WHERE id = 'AB2'");
        await UntilAsync("body:AB1/title=Alpha|body:AB2/title=Beta 2");

        await ExecuteAsync(change);
        await ExecuteAsync("UPDATE bodies SET title = 'Beta 3' WHERE id = 'AB2'");

        await Eventually.Async(reason, async () => await StoppedAsync() is { } told && told.Contains(reason, StringComparison.Ordinal));
    }

    [Test]
    public async Task Slot_WhatIsStored_IsConfirmed()
    {
        await ExecuteAsync("UPDATE bodies SET title = 'Beta 2' WHERE id = 'AB2'");
        await UntilAsync("body:AB1/title=Alpha|body:AB2/title=Beta 2");

        await Eventually.Async("the slot moves on", async () =>
        {
            await _department.ReadAsync();
            await using var command = new NpgsqlCommand("SELECT confirmed_flush_lsn > pg_current_wal_lsn() - 1000 FROM pg_replication_slots WHERE database = current_database()", _connection);
            return (bool)(await command.ExecuteScalarAsync())!;
        });
        Assert.That(_department.Status.LagBytes, Is.Not.Null);
    }

    private string Held() => string.Join('|', _department.Hub.Facts);

    private async Task<string?> StoppedAsync()
    {
        try
        {
            await _department.ReadAsync();
            return null;
        }
        catch (SourceStoppedException stopped)
        {
            return stopped.Message;
        }
    }

    private async Task UntilAsync(string facts) => await Eventually.Async(facts, async () => await StoppedAsync() ?? Held(), held => held == facts);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync();
    }
}
