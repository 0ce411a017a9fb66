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
    public async Task StartServerAsync() => _server = await PostgresProcess.StartNewAsync("wal_level=logical", "max_replication_slots=50");

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

    [Test]
    public async Task Truncate_ReadingsThatFail_DoNotForgetIt()
    {
        await ExecuteAsync("TRUNCATE bodies; ALTER TABLE bodies RENAME TO away");
        await Eventually.Async("the table cannot be read", async () => await StoppedAsync() is { } reason && reason.Contains("refused to read", StringComparison.Ordinal));
        await StoppedAsync();
        await StoppedAsync();
        await ExecuteAsync("ALTER TABLE away RENAME TO bodies");

        Assert.That(await StoppedAsync(), Does.Contain("2 of 2 subjects are gone"));
    }

    [Test]
    public async Task Stream_MoreGoneThanTheLimit_AsksBeforeItWithdraws()
    {
        await ExecuteAsync("DELETE FROM bodies");

        await Eventually.Async("the source asks", async () => await StoppedAsync() is { } reason && reason.Contains("dx-adapter accept", StringComparison.Ordinal));
        Assert.That(Held(), Is.EqualTo(Facts));

        await File.WriteAllBytesAsync(SourceReader.AcceptancePathOf(_department.StateFolder, "bodies"), []);
        await UntilAsync("");
    }

    [Test]
    public async Task Stream_RowKeptOutBesideOneThatCounts_WithdrawsNothing()
    {
        await ExecuteAsync("BEGIN; UPDATE bodies SET title = 'Alpha 2' WHERE id = 'ab1'; INSERT INTO bodies (id, kind) VALUES ('AB1', 'test'); COMMIT");

        await UntilAsync("body:AB1/title=Alpha 2|body:AB2/title=Beta");
    }

    [Test]
    public async Task Stream_SubjectOfFixedLength_IsFoundShortAndFull()
    {
        await ExecuteAsync("ALTER TABLE bodies ALTER COLUMN id TYPE CHAR(4); INSERT INTO bodies (id, title) VALUES ('AB12', 'Gamma')");
        await _department.RestartAsync();
        await UntilAsync("body:AB1/title=Alpha|body:AB12/title=Gamma|body:AB2/title=Beta");
        var whole = _department.Status.Last;

        await ExecuteAsync("UPDATE bodies SET title = title || ' 2'");
        await UntilAsync("body:AB1/title=Alpha 2|body:AB12/title=Gamma 2|body:AB2/title=Beta 2");
        await ExecuteAsync("DELETE FROM bodies WHERE id = 'ab1'");
        await UntilAsync("body:AB12/title=Gamma 2|body:AB2/title=Beta 2");

        Assert.That(_department.Status.Last, Is.SameAs(whole), "by the stream alone");
    }

    [Test]
    public async Task Stream_RowsWithoutASubject_ArePassedOver()
    {
        await ExecuteAsync("ALTER TABLE bodies DROP CONSTRAINT bodies_pkey; ALTER TABLE bodies ALTER COLUMN id DROP NOT NULL; ALTER TABLE bodies REPLICA IDENTITY FULL");
        await ExecuteAsync("INSERT INTO bodies (id, title) VALUES (NULL, 'Nobody')");
        await ExecuteAsync("UPDATE bodies SET id = 'AB3' WHERE id IS NULL");
        await UntilAsync(Facts + "|body:AB3/title=Nobody");
        await ExecuteAsync("UPDATE bodies SET id = NULL WHERE id = 'AB3'; DELETE FROM bodies WHERE id IS NULL");

        await UntilAsync(Facts);
    }

    [Test]
    public async Task Slot_ThatWasDropped_IsMadeAnewAndEverythingCompared()
    {
        await ExecuteAsync("SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE database = current_database()");
        await Eventually.Async("the slot is dropped", async () =>
        {
            await ExecuteAsync("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database() AND NOT active");
            return await AskAsync("SELECT count(*) = 0 FROM pg_replication_slots WHERE database = current_database()");
        });
        await ExecuteAsync("UPDATE bodies SET title = 'Beta 2' WHERE id = 'AB2'");

        await UntilAsync("body:AB1/title=Alpha|body:AB2/title=Beta 2");
    }

    [Test]
    public async Task Slot_TableThatRestsAmongOthers_IsConfirmedAllTheSame()
    {
        await ExecuteAsync("CREATE TABLE others (n INTEGER); CREATE TABLE mark (lsn pg_lsn); INSERT INTO others SELECT generate_series(1, 20000); INSERT INTO mark SELECT pg_current_wal_insert_lsn()");

        await Eventually.Async("the slot moves on", async () =>
        {
            await _department.ReadAsync();
            return await AskAsync("SELECT confirmed_flush_lsn >= lsn FROM pg_replication_slots, mark WHERE database = current_database()");
        });
    }

    [Test]
    public async Task Publication_OfAPartitionedTable_IsMadeOfItsRootOrRefused([Values] bool isMade)
    {
        await ExecuteAsync("DROP TABLE bodies; CREATE TABLE bodies (id TEXT PRIMARY KEY, former INTEGER, kind TEXT, title TEXT, state TEXT, founded DATE, address TEXT) PARTITION BY LIST (id)");
        await ExecuteAsync("CREATE TABLE part PARTITION OF bodies DEFAULT; INSERT INTO bodies (id, title) VALUES ('ab1', 'Alpha'), ('AB2', 'Beta')");
        await ExecuteAsync(isMade ? "ALTER PUBLICATION bodies ADD TABLE bodies" : "DROP PUBLICATION bodies");
        await _department.RestartAsync();

        var reason = await StoppedAsync();
        await ExecuteAsync("UPDATE bodies SET title = 'Beta 2' WHERE id = 'AB2'");

        if (isMade)
            Assert.That(reason, Does.Contain("publish_via_partition_root"));
        else
            await UntilAsync("body:AB1/title=Alpha|body:AB2/title=Beta 2");
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

    private async Task<bool> AskAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        return (bool)(await command.ExecuteScalarAsync())!;
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection);
        await command.ExecuteNonQueryAsync();
    }
}
