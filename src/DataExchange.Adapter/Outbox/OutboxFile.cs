using System.Security.Cryptography;
using Microsoft.Data.Sqlite;

namespace DataExchange.Adapter;

/// <summary>The outbox's SQL. Writers are serialized by <see cref="Outbox"/>; <see cref="Read"/> may run beside them.</summary>
internal sealed class OutboxFile : IDisposable
{
    // What one reading may hold in memory, but for one batch that is always read. 4 MiB.
    private const int ReadBytesMax = 4 * 1024 * 1024;

    private readonly FileStream _lockFile;
    private readonly SqliteConnection _writer;
    private readonly string _connectionString;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _advance;

    private OutboxFile(FileStream lockFile, string connectionString)
    {
        _lockFile = lockFile;
        _connectionString = connectionString;
        _writer = Connect(connectionString);
        _insert = Command("INSERT INTO batch VALUES ($first, $last, $payload, $digest)", "$first", "$last", "$payload", "$digest");
        _advance = Command("UPDATE state SET last_sequence = $last, source_checkpoint = $checkpoint", "$last", "$checkpoint");
    }

    public static OutboxFile Open(string path, string department)
    {
        // Two adapters over one outbox would give the same sequence to different changes.
        var lockFile = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        try
        {
            var file = new OutboxFile(lockFile, new SqliteConnectionStringBuilder { DataSource = path }.ToString());
            try
            {
                OutboxSchema.Prepare(file._writer, department);
                return file;
            }
            catch
            {
                file.Dispose();
                throw;
            }
        }
        catch
        {
            lockFile.Dispose();
            throw;
        }
    }

    public OutboxState ReadState()
    {
        using var state = Command("""
            SELECT epoch, last_sequence, source_checkpoint, relay_checkpoint, hub_watermark,
              (SELECT coalesce(min(first_sequence), state.last_sequence + 1) FROM batch), (SELECT coalesce(sum(length(payload)), 0) FROM batch),
              loaded
            FROM state
            """);
        using var row = state.ExecuteReader();
        row.Read();
        return new OutboxState(
            Epoch: row.GetFieldValue<byte[]>(0),
            LastSequence: (ulong)row.GetInt64(1),
            SourceCheckpoint: row.IsDBNull(2) ? null : row.GetString(2),
            RelayCheckpoint: (ulong)row.GetInt64(3),
            HubWatermark: (ulong)row.GetInt64(4),
            FirstSequence: (ulong)row.GetInt64(5),
            Bytes: row.GetInt64(6),
            Loaded: row.GetBoolean(7));
    }

    public void Append(IReadOnlyList<OutboxBatch> batches, OutboxState after)
    {
        using var transaction = _writer.BeginTransaction();
        _insert.Transaction = _advance.Transaction = transaction;
        foreach (var batch in batches)
        {
            _insert.Parameters[0].Value = (long)batch.FirstSequence;
            _insert.Parameters[1].Value = (long)batch.LastSequence;
            _insert.Parameters[2].Value = batch.Payload;
            _insert.Parameters[3].Value = SHA256.HashData(batch.Payload);
            _insert.ExecuteNonQuery();
        }

        _advance.Parameters[0].Value = (long)after.LastSequence;
        _advance.Parameters[1].Value = after.SourceCheckpoint ?? (object)DBNull.Value;
        _advance.ExecuteNonQuery();
        transaction.Commit();
    }

    public void SaveLoaded()
    {
        using var save = Command("UPDATE state SET loaded = 1");
        save.ExecuteNonQuery();
    }

    public OutboxState Trim(OutboxState after, int tailBatches)
    {
        using var transaction = _writer.BeginTransaction();
        using var save = Command("UPDATE state SET relay_checkpoint = $relay, hub_watermark = $hub", "$relay", "$hub");
        save.Transaction = transaction;
        save.Parameters[0].Value = (long)after.RelayCheckpoint;
        save.Parameters[1].Value = (long)after.HubWatermark;
        save.ExecuteNonQuery();

        // first_sequence stands in the condition for the sake of the primary key.
        using var trim = Command("""
            DELETE FROM batch WHERE first_sequence <= $hub AND last_sequence <= $hub AND first_sequence <= coalesce(
              (SELECT first_sequence FROM batch WHERE first_sequence <= $hub AND last_sequence <= $hub
               ORDER BY first_sequence DESC LIMIT 1 OFFSET $tail), 0)
            RETURNING length(payload)
            """, "$hub", "$tail");
        trim.Transaction = transaction;
        trim.Parameters[0].Value = (long)after.HubWatermark;
        trim.Parameters[1].Value = (long)tailBatches;
        var freed = 0L;
        using (var rows = trim.ExecuteReader())
        {
            while (rows.Read())
                freed += rows.GetInt64(0);
        }

        using var first = Command("SELECT coalesce(min(first_sequence), (SELECT last_sequence + 1 FROM state)) FROM batch");
        first.Transaction = transaction;
        var firstSequence = (ulong)(long)first.ExecuteScalar()!;
        transaction.Commit();
        return after with { FirstSequence = firstSequence, Bytes = after.Bytes - freed };
    }

    public IReadOnlyList<OutboxBatch> Read(ulong fromSequence, ulong toSequence, int batchesMax)
    {
        using var reader = Connect(_connectionString);
        using var read = reader.CreateCommand();
        read.CommandText = """
            SELECT first_sequence, last_sequence, payload, digest FROM batch
            WHERE first_sequence BETWEEN coalesce((SELECT max(first_sequence) FROM batch WHERE first_sequence <= $from), $from) AND $to
              AND last_sequence >= $from
            ORDER BY first_sequence LIMIT $max
            """;
        read.Parameters.AddWithValue("$from", (long)fromSequence);
        read.Parameters.AddWithValue("$to", (long)toSequence);
        read.Parameters.AddWithValue("$max", batchesMax);

        var batches = new List<OutboxBatch>();
        var bytes = 0;
        using var rows = read.ExecuteReader();
        while (bytes < ReadBytesMax && rows.Read())
        {
            var batch = new OutboxBatch((ulong)rows.GetInt64(0), (ulong)rows.GetInt64(1), rows.GetFieldValue<byte[]>(2));
            if (!SHA256.HashData(batch.Payload).AsSpan().SequenceEqual(rows.GetFieldValue<byte[]>(3)))
                throw new OutboxDamagedException($"The batch from sequence {batch.FirstSequence} is not what was stored.");
            batches.Add(batch);
            bytes += batch.Payload.Length;
        }
        return batches;
    }

    public IReadOnlyList<ulong> ReadLastSequences(ulong after, ulong before)
    {
        using var reader = Connect(_connectionString);
        using var read = reader.CreateCommand();
        read.CommandText = "SELECT last_sequence FROM batch WHERE first_sequence > $after AND first_sequence < $before ORDER BY first_sequence";
        read.Parameters.AddWithValue("$after", (long)after);
        read.Parameters.AddWithValue("$before", (long)before);
        var sequences = new List<ulong>();
        using var rows = read.ExecuteReader();
        while (rows.Read())
            sequences.Add((ulong)rows.GetInt64(0));
        return sequences;
    }

    public byte[] ReadOrSaveLocatorCheck(byte[] check)
    {
        using var save = Command("UPDATE state SET locator_check = $check WHERE locator_check IS NULL", "$check");
        save.Parameters[0].Value = check;
        save.ExecuteNonQuery();
        using var read = Command("SELECT locator_check FROM state");
        return (byte[])read.ExecuteScalar()!;
    }

    public void Dispose()
    {
        _insert.Dispose();
        _advance.Dispose();
        _writer.Dispose();
        using (var any = new SqliteConnection(_connectionString))
            SqliteConnection.ClearPool(any);
        _lockFile.Dispose();
    }

    private static SqliteConnection Connect(string connectionString)
    {
        var connection = new SqliteConnection(connectionString);
        connection.Open();
        return connection;
    }

    private SqliteCommand Command(string sql, params ReadOnlySpan<string> parameters)
    {
        var command = _writer.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        return command;
    }
}
