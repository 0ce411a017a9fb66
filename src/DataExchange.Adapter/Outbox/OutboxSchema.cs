using System.Security.Cryptography;
using DataExchange.Contracts;
using Microsoft.Data.Sqlite;

namespace DataExchange.Adapter;

/// <summary>What the outbox's file looks like, how it is made, and the proof that it is whole.</summary>
internal static class OutboxSchema
{
    private const int Version = 2;

    // Whether the source was ever read to its end was not kept: the next reading that comes to one says so.
    private const string FromVersion1 = "ALTER TABLE state ADD COLUMN loaded INTEGER NOT NULL DEFAULT 0; PRAGMA user_version = 2";

    // A larger write-ahead log between two checkpoints: most rows are trimmed before they would be copied twice.
    private const string Settings = "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;";

    // The digest finds a payload that the disk has changed: signed anew it would pass for a true one.
    private const string Tables = """
        CREATE TABLE batch (
          first_sequence INTEGER PRIMARY KEY, last_sequence INTEGER NOT NULL, payload BLOB NOT NULL, digest BLOB NOT NULL);
        CREATE TABLE state (
          id INTEGER PRIMARY KEY CHECK (id = 1), department TEXT NOT NULL, epoch BLOB NOT NULL, last_sequence INTEGER NOT NULL,
          source_checkpoint TEXT, relay_checkpoint INTEGER NOT NULL, hub_watermark INTEGER NOT NULL, locator_check BLOB,
          loaded INTEGER NOT NULL DEFAULT 0);
        INSERT INTO state VALUES (1, $department, $epoch, 0, NULL, 0, 0, NULL, 0);
        """;

    private const string FirstBreak = """
        SELECT first_sequence FROM (
          SELECT first_sequence, last_sequence, lead(first_sequence, 1, (SELECT last_sequence + 1 FROM state)) OVER (ORDER BY first_sequence) AS next
          FROM batch)
        WHERE last_sequence < first_sequence OR last_sequence + 1 <> next LIMIT 1
        """;

    /// <summary>Makes the connection durable, and the tables where there are none.</summary>
    /// <exception cref="OutboxDamagedException">The file is another department's, or its rows are not one contiguous stream.</exception>
    public static void Prepare(SqliteConnection connection, string department)
    {
        Run(connection, Settings);
        var version = (long)Ask(connection, "PRAGMA user_version")!;
        if (version == 0)
            Create(connection, department);
        else if (version == 1)
            Run(connection, FromVersion1);
        else if (version != Version)
            throw new OutboxDamagedException($"The outbox has schema {version}; this version reads {Version}.");

        if ((string)Ask(connection, "SELECT department FROM state")! != department)
            throw new OutboxDamagedException("The outbox belongs to another department.");
        if (Ask(connection, FirstBreak) is long sequence)
            throw new OutboxDamagedException($"The outbox is not contiguous after sequence {sequence}.");
    }

    private static void Create(SqliteConnection connection, string department)
    {
        using var transaction = connection.BeginTransaction();
        using var create = connection.CreateCommand();
        create.Transaction = transaction;
        create.CommandText = $"{Tables} PRAGMA user_version = {Version}";
        create.Parameters.AddWithValue("$department", department);
        create.Parameters.AddWithValue("$epoch", RandomNumberGenerator.GetBytes(WireLimits.EpochBytes));
        create.ExecuteNonQuery();
        transaction.Commit();
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static object? Ask(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
