using System.Data.Common;
using DataExchange.AdapterHost.Configuration;
using DataExchange.Hosting;
using Microsoft.Data.Sqlite;
using MySqlConnector;
using Npgsql;

namespace DataExchange.AdapterHost.Sql;

/// <summary>A database of the configuration: its connections, and names as it quotes them. Thread safe.</summary>
internal sealed class SqlDatabase(SqlConfig config)
{
    private readonly DbProviderFactory _factory = config.Provider switch
    {
        SqlProvider.Postgresql => NpgsqlFactory.Instance,
        SqlProvider.Sqlite => SqliteFactory.Instance,
        _ => MySqlConnectorFactory.Instance,
    };

    /// <summary>Read each time: a password that was changed needs no restart.</summary>
    public string ConnectionString => PrivateFile.ReadAllText(config.ConnectionPath, "file of connection_path").Trim();

    /// <summary>The caller disposes of it.</summary>
    public async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = _factory.CreateConnection()!;
        try
        {
            connection.ConnectionString = ConnectionString;
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>The table of the configuration, quoted.</summary>
    public string Table => config.Schema is null ? Quote(config.Table) : $"{Quote(config.Schema)}.{Quote(config.Table)}";

    /// <summary>A name as the provider's own command builder quotes it; SQLite has none.</summary>
    public string Quote(string name)
    {
        using var builder = _factory.CreateCommandBuilder();
        return builder is null ? $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : builder.QuoteIdentifier(name);
    }

    /// <summary>A statement with one parameter, where it has any.</summary>
    public DbCommand Command(DbConnection connection, string sql, string? parameter = null, object? value = null)
    {
        var command = connection.CreateCommand();
        // The text is made of quoted names, or is the one of the configuration; values are parameters.
        command.CommandText = sql;
        command.CommandTimeout = (int)config.Timeout.TotalSeconds;
        if (parameter is not null)
        {
            var made = command.CreateParameter();
            (made.ParameterName, made.Value) = (parameter, value);
            command.Parameters.Add(made);
        }

        return command;
    }
}
