using System.Data.Common;
using DataExchange.Adapter;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Sources;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost.Sources;

/// <summary>The same over every kind of database.</summary>
public abstract class SqlSourceContract
{
    private const string Facts = "body:AB1/founded=1990-02-01|body:AB1/state=active|body:AB1/title=Alpha|body:AB1~old:17|body:AB2/address=located|body:AB2/title=Beta";

    private TempFolder _folder = null!;
    private DbConnection _connection = null!;
    private Department _department = null!;

    private protected abstract SqlProvider Provider { get; }

    /// <summary>A new database, and how it is reached.</summary>
    private protected abstract Task<(DbConnection Connection, string ConnectionString)> CreateDatabaseAsync(TempFolder folder);

    [SetUp]
    public async Task StartAsync()
    {
        _folder = new TempFolder();
        (_connection, var connectionString) = await CreateDatabaseAsync(_folder);
        await _connection.OpenAsync();
        WholeFile.Write(_folder["connection"], System.Text.Encoding.UTF8.GetBytes(connectionString + "\n"), WholeFile.OwnerOnly, overwrite: false);
        await ExecuteAsync("CREATE TABLE bodies (id VARCHAR(20) PRIMARY KEY, former INTEGER, kind VARCHAR(10), title VARCHAR(50), state CHAR(1), founded DATE, address VARCHAR(50), changed INTEGER)");
        await ExecuteAsync("INSERT INTO bodies VALUES ('ab1', 17, NULL, 'Alpha', 'A', '1990-02-01', NULL, 1), ('AB2', NULL, NULL, 'Beta', NULL, NULL, 'High Street 2', 2), ('AB3', NULL, 'test', 'x', NULL, NULL, NULL, 3)");
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _department.DisposeAsync();
        await _connection.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Compare_RowsThatCameChangedAndWent_AreFollowed()
    {
        Start("compare_interval: '00:00:00.100'");
        await _department.ReadAsync();
        Assert.That(Held(), Is.EqualTo(Facts));

        await ExecuteAsync("DELETE FROM bodies WHERE id = 'ab1'");
        await ExecuteAsync("UPDATE bodies SET title = 'Beta 2' WHERE id = 'AB2'");
        await ExecuteAsync("INSERT INTO bodies (id, title) VALUES ('AB4', 'Delta')");
        await UntilAsync("body:AB2/address=located|body:AB2/title=Beta 2|body:AB4/title=Delta");
    }

    [Test]
    public async Task Poll_ByANumber_SeesNewRowsAndLeavesRemovedOnesToTheNextCompare()
    {
        Start("compare_interval: '01:00:00', cursor: {column: changed, overlap_keys: 1, poll_interval: '00:00:00.050'}");
        await _department.ReadAsync();

        await ExecuteAsync("DELETE FROM bodies WHERE id = 'ab1'");
        // Numbered before the newest row, and visible after it: within the overlap.
        await ExecuteAsync("INSERT INTO bodies (id, title, changed) VALUES ('AB4', 'Delta', 2), ('AB5', 'too late', 1)");
        await UntilAsync(Facts + "|body:AB4/title=Delta");

        await File.WriteAllBytesAsync(SourceReader.AcceptancePathOf(_department.StateFolder, "bodies"), []);
        await UntilAsync("body:AB2/address=located|body:AB2/title=Beta|body:AB4/title=Delta|body:AB5/title=too late");
    }

    [Test]
    public async Task Compare_TooManyRowsGone_StopsThoughPollsGoOn()
    {
        Start("compare_interval: '00:00:00.100', cursor: {column: changed, poll_interval: '00:00:00.050'}", withdrawPercentMax: 20);
        await _department.ReadAsync();

        await ExecuteAsync("DELETE FROM bodies WHERE id = 'ab1'");
        await Eventually.Async("the source stops", async () =>
        {
            try
            {
                await _department.ReadAsync();
                return false;
            }
            catch (SourceStoppedException stopped)
            {
                return stopped.Message.Contains("1 of 2 subjects are gone", StringComparison.Ordinal);
            }
        });

        Assert.That(Held(), Is.EqualTo(Facts));
    }

    [Test]
    public async Task Fetch_LocatedAttribute_AsksTheDatabaseNow()
    {
        Start("compare_interval: '01:00:00', live: 'SELECT address FROM bodies WHERE upper(id) = @subject'");
        await _department.ReadAsync();
        await ExecuteAsync("UPDATE bodies SET address = 'Low Street 3' WHERE id = 'AB2'");

        var values = await _department.Sources.Live.FetchAsync(
            [Item("AB2"), Item("AB1"), Item("AB9"), Item("' OR '1'='1"), Item("AB2")], new LiveFetchContext("a", "b", "c", "d", "e"), CancellationToken.None);

        Assert.That(values.Select(value => value.Result.Found?.Value.Text), Is.EqualTo(new[] { "Low Street 3", null, null, null, "Low Street 3" }));
    }

    [TestCase("table: bodies", "table: 'bodies; DROP TABLE bodies'", "sources[0].sql.table")]
    [TestCase("table: bodies", "tables: bodies", "is not a known key here")]
    [TestCase("sql:", "files: {folder: x, pattern: y}\n    sql:", "sources[0].files")]
    public void Load_WrongDatabase_IsRefused(string good, string bad, string expected)
    {
        Start("compare_interval: '01:00:00'");
        File.WriteAllText(_folder["wrong.yaml"], Yaml("compare_interval: '01:00:00'", 100).Replace(good, bad, StringComparison.Ordinal));

        Assert.That(HostFile.Load(_folder["wrong.yaml"], out var errors), Is.Null);
        Assert.That(errors.Select(error => error.ToString()), Has.Some.Contains(expected));
    }

    [Test]
    public async Task Read_MissingColumn_StopsTheSourceWithoutQuotingAnything()
    {
        Start("compare_interval: '01:00:00'", title: "no_such_column");

        var stopped = await Assert.ThrowsAsync<SourceStoppedException>(() => _department.ReadAsync());

        Assert.That(stopped!.Message, Does.Contain("the database refused to read it"));
    }

    private static LiveItem Item(string subject) => new(new Identifier(SampleFile.Scheme, subject), "address");

    private string Held() => string.Join('|', _department.Hub.Facts);

    private void Start(string sql, int withdrawPercentMax = 100, string title = "title") => _department = new Department(Yaml(sql, withdrawPercentMax, title));

    private string Yaml(string sql, int withdrawPercentMax, string title = "title")
    {
        var source = SampleFile.Source
            .Replace("files: {folder: data, pattern: \"*.csv\", quiet: \"00:00:00\"}",
                $"sql: {{provider: {Provider.ToString().ToLowerInvariant()}, connection_path: {_folder["connection"]}, table: bodies, {sql}}}", StringComparison.Ordinal)
            .Replace("{name: title, type: text}", $"{{name: title, column: {title}, type: text}}", StringComparison.Ordinal)
            .Replace(", format: dd.MM.yyyy", "", StringComparison.Ordinal);
        return SampleFile.Head + source + $"    withdraw_percent_max: {withdrawPercentMax}\n";
    }

    private async Task UntilAsync(string facts) => await Eventually.Async(facts, async () =>
    {
        await _department.ReadAsync();
        return Held();
    }, held => held == facts);

    private async Task ExecuteAsync(string sql)
    {
        await using var command = _connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync();
    }
}
