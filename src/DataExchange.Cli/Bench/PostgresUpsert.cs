using System.Buffers.Binary;
using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;

namespace DataExchange.Cli.Bench;

/// <summary>One fact as a row: the attribute by number, since its owner is its provider.</summary>
internal readonly record struct FactRow(Guid Subject, short Attribute, long Sequence, DateTime AsOf, byte[] Value);

/// <summary>
/// Control (c) of ingest: the same facts as rows, the newer sequence wins, each batch one durable transaction: one prepared statement
/// over arrays, which is faster than COPY into a temporary table at these sizes, on as many connections as it gains from.
/// </summary>
internal sealed class PostgresUpsert(NpgsqlDataSource source, IReadOnlyList<FactRow> rows, int batch) : IIngestPath
{
    private const int Connections = 16;

    private const string Table = """
        create table if not exists facts (
          subject uuid not null, attribute smallint not null, sequence bigint not null, as_of timestamptz not null, value bytea not null,
          primary key (subject, attribute))
        """;

    private const string Upsert = """
        insert into facts select * from unnest($1, $2, $3, $4, $5)
        on conflict (subject, attribute) do update
        set sequence = excluded.sequence, as_of = excluded.as_of, value = excluded.value
        where facts.sequence < excluded.sequence
        """;

    private static readonly TimeSpan LeadIn = TimeSpan.FromSeconds(1);

    public async Task<Measurement> MeasureAsync(TimeSpan window, CancellationToken cancellationToken)
    {
        await ExecuteAsync(Table, cancellationToken);
        await ExecuteAsync("truncate facts", cancellationToken);
        var (next, done, stopped) = (-1, 0L, false);
        var writers = Enumerable.Range(0, Connections).Select(_ => Task.Run(WriteAsync, cancellationToken)).ToArray();

        await Task.Delay(LeadIn, cancellationToken);
        var (first, watch) = (Interlocked.Read(ref done), Stopwatch.StartNew());
        await Task.WhenAny([.. writers, Task.Delay(window, cancellationToken)]);
        var (last, elapsed) = (Interlocked.Read(ref done), watch.Elapsed);
        Volatile.Write(ref stopped, true);
        await Task.WhenAll(writers);
        return new Measurement((last - first) / elapsed.TotalSeconds, 0, 0, 0);

        async Task WriteAsync()
        {
            await using var connection = await source.OpenConnectionAsync(cancellationToken);
            await using var command = new NpgsqlCommand(Upsert, connection);
            var columns = Columns(command);
            await command.PrepareAsync(cancellationToken);
            while (!Volatile.Read(ref stopped))
            {
                var (round, number) = Math.DivRem(Interlocked.Increment(ref next), rows.Count / batch);
                columns.Fill(rows, number * batch, round);
                await command.ExecuteNonQueryAsync(cancellationToken);
                Interlocked.Add(ref done, batch);
            }
        }
    }

    private async Task ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private RowColumns Columns(NpgsqlCommand command)
    {
        var columns = new RowColumns(new Guid[batch], new short[batch], new long[batch], new DateTime[batch], new byte[batch][]);
        command.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = columns.Subjects });
        command.Parameters.Add(new NpgsqlParameter<short[]> { TypedValue = columns.Attributes });
        command.Parameters.Add(new NpgsqlParameter<long[]> { TypedValue = columns.Sequences });
        command.Parameters.Add(new NpgsqlParameter<DateTime[]> { TypedValue = columns.AsOf, NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz });
        command.Parameters.Add(new NpgsqlParameter<byte[][]> { TypedValue = columns.Values });
        return columns;
    }

    private sealed record RowColumns(Guid[] Subjects, short[] Attributes, long[] Sequences, DateTime[] AsOf, byte[][] Values)
    {
        /// <summary>Each round over the rows is about other subjects: our path has new ones all the time, and a row met again costs less.</summary>
        public void Fill(IReadOnlyList<FactRow> rows, int start, int round)
        {
            for (var i = 0; i < Subjects.Length; i++)
            {
                (Subjects[i], Attributes[i], Sequences[i], AsOf[i], Values[i]) = rows[start + i];
                Subjects[i] = OfRound(Subjects[i], round);
            }
        }

        private static Guid OfRound(Guid subject, int round)
        {
            Span<byte> bytes = stackalloc byte[16];
            subject.TryWriteBytes(bytes);
            BinaryPrimitives.WriteInt32LittleEndian(bytes[12..], BinaryPrimitives.ReadInt32LittleEndian(bytes[12..]) ^ round);
            return new Guid(bytes);
        }
    }
}
