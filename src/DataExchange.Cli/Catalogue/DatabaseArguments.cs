using System.CommandLine;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;

namespace DataExchange.Cli.Catalogue;

/// <summary>Which database. A connection string with a password goes into a file: arguments can be seen by every user of the machine.</summary>
internal sealed class DatabaseArguments
{
    private const string Default = "sqlite:.dx/hub/catalogue.db";

    private readonly Option<string?> _database = new("--database")
    {
        Description = $"sqlite:PATH, or postgresql:CONNECTION-STRING without a password (default: {Default})",
    };

    private readonly Option<string?> _file = new("--database-file")
    {
        Description = "File of mode 0600 that holds what --database takes, with a password if need be",
    };

    public void AddTo(Command command)
    {
        command.Add(_database);
        command.Add(_file);
    }

    /// <exception cref="UsageException">Both are given, one cannot be read, or a password stands in an argument.</exception>
    public CatalogueDatabase Open(ParseResult parsed)
    {
        var (argument, file) = (parsed.GetValue(_database), parsed.GetValue(_file));
        if (argument is not null && file is not null)
            throw new UsageException("Give either --database or --database-file.");
        if (!CatalogueDatabase.TryParse(file is null ? argument ?? Default : ReadFile(file), out var database))
            throw new UsageException($"{(file is null ? "--database" : "The database file")} must be sqlite:PATH or postgresql:CONNECTION-STRING.");
        if (file is null && database.HoldsPassword)
            throw new UsageException("A password must not stand in an argument: put the connection string into a file and give --database-file, or set PGPASSWORD.");
        return database;
    }

    private static string ReadFile(string path)
    {
        try
        {
            return SecretFile.Read(path);
        }
        catch (ArgumentException unreadable)
        {
            throw new UsageException($"--database-file: {unreadable.Message}");
        }
    }
}
