using System.Data.Common;
using DataExchange.AdapterHost.Configuration;
using DataExchange.Testing;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost.Sources;

[TestFixture]
public sealed class SqliteSourceTests : SqlSourceContract
{
    private protected override SqlProvider Provider => SqlProvider.Sqlite;

    private protected override Task<(DbConnection Connection, string ConnectionString)> CreateDatabaseAsync(TempFolder folder)
    {
        var connectionString = $"Data Source={folder["bodies.db"]}";
        return Task.FromResult<(DbConnection, string)>((new SqliteConnection(connectionString), connectionString));
    }
}

[TestFixture]
[Category("PostgreSql")]
public sealed class PostgreSqlSourceTests : SqlSourceContract
{
    private static int databases;

    private protected override SqlProvider Provider => SqlProvider.Postgresql;

    private protected override async Task<(DbConnection Connection, string ConnectionString)> CreateDatabaseAsync(TempFolder folder)
    {
        var server = await SharedServers.PostgresAsync();
        var connectionString = await server.CreateDatabaseAsync($"source{Interlocked.Increment(ref databases)}");
        return (new NpgsqlConnection(connectionString), connectionString);
    }
}

[TestFixture]
[Category("MariaDb")]
public sealed class MariaDbSourceTests : SqlSourceContract
{
    private static int databases;

    private protected override SqlProvider Provider => SqlProvider.Mysql;

    private protected override async Task<(DbConnection Connection, string ConnectionString)> CreateDatabaseAsync(TempFolder folder)
    {
        var server = await SharedServers.MariaDbAsync();
        var name = $"source{Interlocked.Increment(ref databases)}";
        await using var connection = new MySqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using var create = new MySqlCommand($"CREATE DATABASE {name}", connection);
        await create.ExecuteNonQueryAsync();
        var connectionString = $"{server.ConnectionString};Database={name}";
        return (new MySqlConnection(connectionString), connectionString);
    }
}
