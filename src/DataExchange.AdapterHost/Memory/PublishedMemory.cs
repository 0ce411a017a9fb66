using DataExchange.Hosting;
using Microsoft.Data.Sqlite;

namespace DataExchange.AdapterHost.Memory;

/// <summary>
/// What was published of each subject, in one SQLite file beside the outbox (write-ahead log, synchronous=FULL). Changes go to the outbox in
/// blocks: what a block changes is saved here before its first change is given, with what was there before; once the outbox has stored
/// the block that is dropped, and after a crash in between the block's rows are marked, so that they are stated anew.
/// </summary>
/// <remarks>One writer, on one thread at a time. <see cref="OpenReader"/> gives connections for others.</remarks>
internal sealed class PublishedMemory : IDisposable
{
    private const int Version = 1;
    private const string Schema = """
        CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY CHECK (id = 1), block INTEGER NOT NULL, settled INTEGER NOT NULL);
        INSERT OR IGNORE INTO state VALUES (1, 0, 0);
        CREATE TABLE IF NOT EXISTS source (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, subjects INTEGER NOT NULL DEFAULT 0, last INTEGER NOT NULL DEFAULT 0, reading TEXT);
        CREATE TABLE IF NOT EXISTS attribute (source INTEGER NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (source, name)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS row (id INTEGER PRIMARY KEY, number INTEGER NOT NULL, subject TEXT NOT NULL, state BLOB NOT NULL, live BLOB);
        CREATE TABLE IF NOT EXISTS undo (block INTEGER PRIMARY KEY, entries BLOB NOT NULL);
        """;

    private readonly SqliteConnection _connection;
    private readonly string _path;

    // By statement: the library's own transaction would have to be handed to each prepared command.
    private bool _inTransaction;

    private PublishedMemory(SqliteConnection connection, string path) => (_connection, _path) = (connection, path);

    /// <summary>The newest block that was saved.</summary>
    public long Block { get; private set; }

    /// <exception cref="IOException">The file is not this program's, or of a newer version.</exception>
    public static PublishedMemory Open(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (!File.Exists(path))
            WholeFile.Write(path, [], WholeFile.OwnerOnly, overwrite: false);
        var connection = new SqliteConnection(ConnectionString(path, pooling: false));
        connection.Open();
        var memory = new PublishedMemory(connection, path);
        if (memory.Scalar("PRAGMA user_version") is var version && version > Version)
            throw new IOException($"{path} was written by a newer version.");
        memory.Execute($"PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 16384; PRAGMA user_version = {Version};");
        memory.Execute(Schema);
        memory.Block = memory.Scalar("SELECT block FROM state");
        return memory;
    }

    /// <summary>A connection of its own that only reads. The caller disposes of it.</summary>
    public SqliteConnection OpenReader()
    {
        var reader = new SqliteConnection(ConnectionString(_path, pooling: true));
        reader.Open();
        return reader;
    }

    /// <summary>The rows of one source.</summary>
    public SourceMemory OpenSource(string name, IReadOnlyList<string> attributes)
    {
        Execute("INSERT OR IGNORE INTO source (number, name) VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM source), @name)", ("@name", name));
        var number = Scalar("SELECT number FROM source WHERE name = @name", ("@name", name));
        if (number > SubjectSlot.SourcesMax)
            throw new IOException($"{_path} remembers {SubjectSlot.SourcesMax} sources, its limit.");
        foreach (var attribute in attributes)
        {
            Execute("INSERT OR IGNORE INTO attribute VALUES (@source, @name, (SELECT COUNT(*) FROM attribute WHERE source = @source))",
                ("@source", number), ("@name", attribute));
        }

        var numbers = attributes.Select(attribute => (int)Scalar("SELECT number FROM attribute WHERE source = @source AND name = @name", ("@source", number), ("@name", attribute)));
        return new SourceMemory(this, (int)number, [.. numbers]);
    }

    /// <summary>The outbox has stored all blocks up to this one, and none after it.</summary>
    /// <exception cref="IOException">The outbox knows of blocks that this file does not.</exception>
    public void Settle(long block)
    {
        if (block > Block)
            throw new IOException($"{_path} is older than the outbox beside it: restore both, or start anew with an empty state folder.");
        var settled = Scalar("SELECT settled FROM state");
        if (settled == block && Block == block)
            return;
        Begin();
        if (block < settled)
            MarkAll();
        else
            SettleBlocks(block);
        Execute("DELETE FROM undo; UPDATE state SET settled = block;");
        if (block < Block)
            Execute("UPDATE source SET reading = NULL");
        // What is not stored does not count: the next block takes up where the outbox is.
        Execute("UPDATE state SET block = @block, settled = @block", ("@block", block));
        Commit();
        Block = block;
    }

    public void Dispose() => _connection.Dispose();

    internal void Begin()
    {
        if (!_inTransaction)
            Execute("BEGIN IMMEDIATE");
        _inTransaction = true;
    }

    internal void Commit()
    {
        if (_inTransaction)
            Execute("COMMIT");
        _inTransaction = false;
    }

    internal void Rollback()
    {
        // A failed write may have ended it already.
        if (_inTransaction && SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0)
            Execute("ROLLBACK");
        _inTransaction = false;
    }

    /// <summary>Ends the transaction: durable on return, and the next block is its number.</summary>
    internal long CommitBlock(ReadOnlySpan<byte> undo)
    {
        Execute("INSERT INTO undo VALUES (@block, @entries); UPDATE state SET block = @block;", ("@block", Block + 1), ("@entries", undo.ToArray()));
        Commit();
        return ++Block;
    }

    internal SqliteCommand Prepare(string sql, params ReadOnlySpan<string> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = parameter });
        command.Prepare();
        return command;
    }

    internal void Execute(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(sql, parameters);
        command.ExecuteNonQuery();
    }

    internal long Scalar(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(sql, parameters);
        return Convert.ToInt64(command.ExecuteScalar(), System.Globalization.CultureInfo.InvariantCulture);
    }

    internal string? Text(string sql, params ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        using var command = Command(sql, parameters);
        return command.ExecuteScalar() as string;
    }

    private void SettleBlocks(long block)
    {
        using var forget = Prepare("DELETE FROM row WHERE id = @id AND length(state) = 0", "@id");
        using var find = Prepare("SELECT state FROM row WHERE id = @id", "@id");
        using var save = Prepare("UPDATE row SET state = @state WHERE id = @id", "@id", "@state");
        foreach (var (number, entries) in Undo())
        {
            foreach (var entry in UndoEntry.Read(entries))
            {
                if (number > block)
                    Mark(find, save, entry.Id, RowState.From(entry.Before));
                else if (entry.IsWithdrawal)
                    Run(forget, entry.Id);
            }
        }
    }

    private IEnumerable<(long Block, byte[] Entries)> Undo()
    {
        using var read = Prepare("SELECT block, entries FROM undo ORDER BY block");
        using var blocks = read.ExecuteReader();
        while (blocks.Read())
            yield return (blocks.GetInt64(0), (byte[])blocks.GetValue(1));
    }

    /// <summary>The outbox was set back: of no row is it known what the hub has.</summary>
    private void MarkAll()
    {
        using var find = Prepare("SELECT state FROM row WHERE id = @id", "@id");
        using var save = Prepare("UPDATE row SET state = @state WHERE id = @id", "@id", "@state");
        var ids = new List<long>();
        using (var all = Prepare("SELECT id FROM row"))
        using (var rows = all.ExecuteReader())
        {
            while (rows.Read())
                ids.Add(rows.GetInt64(0));
        }

        foreach (var id in ids)
            Mark(find, save, id, RowState.None);
    }

    private void Mark(SqliteCommand find, SqliteCommand save, long id, RowState before)
    {
        find.Parameters[0].Value = id;
        if (find.ExecuteScalar() is not byte[] after)
            return;
        var marked = RowState.Either(before, RowState.From(after)).ToBytes();
        save.Parameters[0].Value = id;
        save.Parameters[1].Value = marked;
        save.ExecuteNonQuery();
        // A withdrawal that may not have been published: the subject counts again.
        if (after.Length == 0 && marked.Length > 0)
            Execute("UPDATE source SET subjects = subjects + 1 WHERE number = @number", ("@number", SubjectSlot.SourceOf(id)));
    }

    private static void Run(SqliteCommand command, long id)
    {
        command.Parameters[0].Value = id;
        command.ExecuteNonQuery();
    }

    private SqliteCommand Command(string sql, ReadOnlySpan<(string Name, object? Value)> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value ?? DBNull.Value);
        return command;
    }

    private static string ConnectionString(string path, bool pooling) =>
        new SqliteConnectionStringBuilder { DataSource = path, Pooling = pooling, DefaultTimeout = 30, Mode = SqliteOpenMode.ReadWrite }.ConnectionString;
}
