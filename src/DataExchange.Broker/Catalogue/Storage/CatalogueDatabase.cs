using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace DataExchange.Broker.Catalogue.Storage;

public enum CatalogueProvider
{
    /// <summary>One file, one host.</summary>
    Sqlite,

    /// <summary>A server that several hubs share.</summary>
    Postgresql,
}

/// <summary>Where the catalogue is kept.</summary>
public sealed class CatalogueDatabase
{
    private const int CommandTimeoutSeconds = 15;
    private const int ConnectTimeoutSeconds = 5;

    private readonly string? _sqliteFolder;
    private readonly DbContextOptions<CatalogueContext> _options;
    private readonly DbContextOptions<CatalogueContext> _creatingOptions;

    /// <param name="connectionString">Of Microsoft.Data.Sqlite or Npgsql.</param>
    /// <param name="password">For PostgreSQL; null where the connection string, PGPASSWORD or a passfile has it.</param>
    /// <exception cref="ArgumentException">The connection string cannot be read.</exception>
    public CatalogueDatabase(CatalogueProvider provider, string connectionString, string? password = null)
    {
        try
        {
            _sqliteFolder = provider == CatalogueProvider.Sqlite ? Path.GetDirectoryName(new SqliteConnectionStringBuilder(connectionString).DataSource) : null;
            HoldsPassword = password is not null || (provider == CatalogueProvider.Postgresql && new NpgsqlConnectionStringBuilder(connectionString).Password is not null);
            NeedsTrustedNetwork = provider == CatalogueProvider.Postgresql && IsOpen(new NpgsqlConnectionStringBuilder(connectionString));
            (_options, _creatingOptions) = provider switch
            {
                CatalogueProvider.Sqlite => (Sqlite(connectionString, SqliteOpenMode.ReadWrite), Sqlite(connectionString, SqliteOpenMode.ReadWriteCreate)),
                _ => (Postgresql(connectionString, password), Postgresql(connectionString, password)),
            };
        }
        catch (Exception broken) when (broken is ArgumentException or FormatException or KeyNotFoundException)
        {
            // What the provider says can quote a part of it, and that part can be of a password.
            throw new ArgumentException($"The connection string cannot be read as one of {provider}.", nameof(connectionString));
        }
    }

    /// <summary>A server on another machine, without TLS under its own name: whoever is on the way reads along, or is the server.</summary>
    public bool NeedsTrustedNetwork { get; }

    /// <summary>Whether a password stands in what this was made from.</summary>
    public bool HoldsPassword { get; }

    /// <summary>Reads <c>sqlite:PATH</c> or <c>postgresql:CONNECTION-STRING</c>.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out CatalogueDatabase? database)
    {
        try
        {
            database = text.Split(':', 2) switch
            {
                ["sqlite", { Length: > 0 } path] => new(CatalogueProvider.Sqlite, new SqliteConnectionStringBuilder { DataSource = path }.ConnectionString),
                ["postgresql", { Length: > 0 } connection] => new(CatalogueProvider.Postgresql, connection),
                _ => null,
            };
        }
        catch (ArgumentException)
        {
            database = null;
        }

        return database is not null;
    }

    /// <param name="create">Make the SQLite file and its folder when they are not there; otherwise their absence is a failure.</param>
    internal CatalogueContext Open(bool create = false)
    {
        if (create && _sqliteFolder is { Length: > 0 })
            Directory.CreateDirectory(_sqliteFolder);
        return new CatalogueContext(create ? _creatingOptions : _options);
    }

    /// <summary>A host is a name, an address, a list of them, or the folder of a socket; none is this machine.</summary>
    private static bool IsOpen(NpgsqlConnectionStringBuilder connection) =>
        connection.SslMode != SslMode.VerifyFull
        && (connection.Host ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Any(host => host[0] is not ('/' or '@') && !(Uri.TryCreate($"tcp://{host}", UriKind.Absolute, out var address) && address.IsLoopback));

    private static DbContextOptions<CatalogueContext> Sqlite(string connectionString, SqliteOpenMode mode)
    {
        // Without a pool, since a pooled connection goes on reading a file that has been replaced by a restored one.
        var connection = new SqliteConnectionStringBuilder(connectionString)
        {
            Mode = mode, ForeignKeys = true, DefaultTimeout = CommandTimeoutSeconds, Pooling = false,
        };
        return new DbContextOptionsBuilder<CatalogueContext>().UseSqlite(connection.ConnectionString).Options;
    }

    private static DbContextOptions<CatalogueContext> Postgresql(string connectionString, string? password)
    {
        var connection = new NpgsqlConnectionStringBuilder(connectionString) { CommandTimeout = CommandTimeoutSeconds, Timeout = ConnectTimeoutSeconds };
        if (password is not null)
            connection.Password = password;
        return new DbContextOptionsBuilder<CatalogueContext>().UseNpgsql(connection.ConnectionString).Options;
    }
}
