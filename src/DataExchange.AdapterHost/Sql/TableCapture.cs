using System.Data.Common;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Sources;
using Npgsql.Replication;
using Npgsql.Replication.PgOutput;
using Npgsql.Replication.PgOutput.Messages;
using NpgsqlTypes;

namespace DataExchange.AdapterHost.Sql;

/// <param name="Keys">Subjects whose rows were written, as the database spells them.</param>
/// <param name="IsAll">Nobody can say which: the table was emptied, or too many were written.</param>
internal readonly record struct CapturedKeys(HashSet<string> Keys, bool IsAll, NpgsqlLogSequenceNumber Until);

/// <summary>
/// Listens to a table's logical replication and keeps whose rows were written. What a row says is not taken from the stream but read afterwards:
/// a change that comes a second time, or after a later one, then does no harm.
/// </summary>
/// <param name="columns">Those that the mapping needs.</param>
internal sealed class TableCapture(SqlConfig config, SqlDatabase database, string subjectColumn, IReadOnlyList<string> columns) : IAsyncDisposable
{
    private const int KeysMax = 100_000;

    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _end = new();
    private HashSet<string> _keys = new(StringComparer.Ordinal);
    private bool _isAll;
    private bool _isOpen;
    private NpgsqlLogSequenceNumber _until;
    private uint _relation;
    private LogicalReplicationConnection? _connection;
    private Task? _listening;
    private string? _changedSchema;

    /// <summary>Listens, and makes slot and publication where they are missing.</summary>
    /// <exception cref="SourceStoppedException">With a reason, where it cannot.</exception>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        if (_changedSchema is { } changed)
            throw new SourceStoppedException($"{changed} of its table was changed: see whether the mapping still holds, then start the adapter anew");
        if (_listening is { IsCompleted: false })
            return;
        var broken = _listening?.Exception?.InnerException;
        _listening = null;
        await EndConnectionAsync();
        if (broken is not null)
            throw broken as SourceStoppedException ?? new SourceStoppedException($"the stream of changes broke off ({broken.GetType().Name}): it is taken up again");
        try
        {
            await PrepareAsync(cancellationToken);
            _connection = new LogicalReplicationConnection(database.ConnectionString) { WalReceiverStatusInterval = TimeSpan.FromSeconds(1) };
            await _connection.Open(cancellationToken);
        }
        catch (Exception failed) when (failed is DbException or InvalidOperationException or ArgumentException or TimeoutException)
        {
            throw new SourceStoppedException(
                $"slot or publication cannot be used ({(failed as DbException)?.SqlState ?? failed.GetType().Name}): wal_level must be logical, and the account must have the REPLICATION right and own the table");
        }

        _isOpen = false;
        _listening = ListenAsync(_connection, _end.Token);
    }

    /// <summary>What was written since it was taken last.</summary>
    public CapturedKeys Take()
    {
        // Asked for first: what ends before it was begun before the question whether one is open.
        var received = _connection?.LastReceivedLsn ?? default;
        lock (_lock)
        {
            // Others write too: a table that rests must not make the database keep their log.
            if (!_isOpen && received > _until)
                _until = received;
            var taken = new CapturedKeys(_keys, _isAll, _until);
            (_keys, _isAll) = (new(StringComparer.Ordinal), false);
            return taken;
        }
    }

    /// <summary>Everything up to there is stored for good: the database may forget it.</summary>
    public void Confirm(NpgsqlLogSequenceNumber until)
    {
        if (_connection is { } connection && until != default)
            connection.SetReplicationStatus(until);
    }

    /// <summary>Bytes of log that the database keeps for the slot.</summary>
    public async Task<long> LagAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenAsync(cancellationToken);
        await using var lag = database.Command(connection, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), confirmed_flush_lsn)::bigint FROM pg_replication_slots WHERE slot_name = @slot", "@slot", config.Capture!.Slot);
        return await lag.ExecuteScalarAsync(cancellationToken) as long? ?? 0;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        if (_listening is not null)
            await _listening.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await EndConnectionAsync();
        _end.Dispose();
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        var capture = config.Capture!;
        await using var connection = await database.OpenAsync(cancellationToken);
        bool isPartitioned;
        await using (var kind = database.Command(connection, "SELECT relkind = 'p' FROM pg_class WHERE oid = @table::regclass", "@table", database.Table))
            isPartitioned = (bool)(await kind.ExecuteScalarAsync(cancellationToken))!;
        await using (var known = database.Command(connection, "SELECT to_jsonb(p) ->> 'pubviaroot' FROM pg_publication p WHERE pubname = @name", "@name", capture.Publication))
        {
            // Rows of a partition would be those of a table that nobody asked about.
            if (await known.ExecuteScalarAsync(cancellationToken) is { } viaRoot)
            {
                if (isPartitioned && viaRoot is not "true")
                    throw new SourceStoppedException("its table is partitioned: set the publication's publish_via_partition_root to true");
            }
            else
            {
                var root = isPartitioned ? " WITH (publish_via_partition_root = true)" : "";
                await using var make = database.Command(connection, $"CREATE PUBLICATION {database.Quote(capture.Publication)} FOR TABLE {database.Table}{root}");
                await make.ExecuteNonQueryAsync(cancellationToken);
            }
        }

        await using (var table = database.Command(connection, "SELECT @table::regclass::oid", "@table", database.Table))
            _relation = (uint)(await table.ExecuteScalarAsync(cancellationToken))!;
        await using (var published = database.Command(connection, $"SELECT 1 FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid WHERE p.pubname = '{capture.Publication}' AND r.prrelid = @table::regclass", "@table", database.Table))
        {
            if (await published.ExecuteScalarAsync(cancellationToken) is null)
                throw new SourceStoppedException("its table is not in the publication: add it with ALTER PUBLICATION ... ADD TABLE");
        }

        await using var slot = database.Command(connection, "SELECT plugin FROM pg_replication_slots WHERE slot_name = @slot", "@slot", capture.Slot);
        var plugin = await slot.ExecuteScalarAsync(cancellationToken) as string;
        if (plugin is not (null or "pgoutput"))
            throw new SourceStoppedException("its slot is there and is not one of pgoutput: name another one");
        if (plugin is null)
        {
            await using var make = database.Command(connection, "SELECT pg_create_logical_replication_slot(@slot, 'pgoutput')", "@slot", capture.Slot);
            await make.ExecuteNonQueryAsync(cancellationToken);
            // What was written before it, and after the slot that it replaces, is in no stream.
            lock (_lock)
                _isAll = true;
        }
    }

    private async Task ListenAsync(LogicalReplicationConnection connection, CancellationToken cancellationToken)
    {
        var capture = config.Capture!;
        var open = new HashSet<string>(StringComparer.Ordinal);
        var isAll = false;
        Dictionary<string, uint>? known = null;
        var options = new PgOutputReplicationOptions(capture.Publication, PgOutputProtocolVersion.V1);
        await foreach (var message in connection.StartReplication(new PgOutputReplicationSlot(capture.Slot), options, cancellationToken))
        {
            switch (message)
            {
                case RelationMessage relation when relation.RelationId == _relation:
                    if ((_changedSchema = ChangedColumn(relation, ref known)) is not null)
                        return;
                    break;
                case BeginMessage:
                    lock (_lock)
                        _isOpen = true;
                    break;
                case TruncateMessage truncate:
                    isAll |= truncate.Relations.Any(relation => relation.RelationId == _relation);
                    break;
                case CommitMessage commit:
                    Commit(open, isAll, commit.TransactionEndLsn);
                    (open, isAll) = (new(StringComparer.Ordinal), false);
                    break;
                default:
                    await AddAsync(open, message);
                    break;
            }

            if (open.Count > KeysMax)
            {
                open.Clear();
                isAll = true;
            }
        }
    }

    /// <summary>A column of the mapping that is gone, or of another type than before; null where all are as they were.</summary>
    private string? ChangedColumn(RelationMessage relation, ref Dictionary<string, uint>? known)
    {
        var before = known;
        var now = relation.Columns.Where(column => columns.Contains(column.ColumnName)).ToDictionary(column => column.ColumnName, column => column.DataTypeId);
        known ??= now;
        return columns.FirstOrDefault(column => !now.TryGetValue(column, out var type) || (before is not null && before[column] != type)) is { } changed ? $"column {changed}" : null;
    }

    /// <summary>Whose row it is, and whose it was.</summary>
    private async Task AddAsync(HashSet<string> keys, PgOutputReplicationMessage message)
    {
        switch (message)
        {
            case InsertMessage insert:
                await AddAsync(keys, insert.Relation, insert.NewRow, isWhole: true);
                break;
            case FullUpdateMessage update:
                await AddAsync(keys, update.Relation, update.OldRow, isWhole: true);
                await AddAsync(keys, update.Relation, update.NewRow, isWhole: true);
                break;
            case IndexUpdateMessage update:
                await AddAsync(keys, update.Relation, update.Key);
                await AddAsync(keys, update.Relation, update.NewRow);
                break;
            case DefaultUpdateMessage update:
                await AddAsync(keys, update.Relation, update.NewRow);
                break;
            case KeyDeleteMessage delete:
                await AddAsync(keys, delete.Relation, delete.Key);
                break;
            case FullDeleteMessage delete:
                await AddAsync(keys, delete.Relation, delete.OldRow, isWhole: true);
                break;
            default:
                break;
        }
    }

    /// <param name="isWhole">Nothing for the subject means that the row has none; else that the log does not tell.</param>
    private async Task AddAsync(HashSet<string> keys, RelationMessage relation, ReplicationTuple tuple, bool isWhole = false)
    {
        var (key, isNobodys) = ((string?)null, false);
        await foreach (var value in tuple)
        {
            if (relation.RelationId != _relation || value.GetFieldName() != subjectColumn)
                continue;
            if (value.Kind == TupleDataKind.TextValue)
                key = await value.Get<string>();
            isNobodys = isWhole && value.Kind == TupleDataKind.Null;
        }

        if (key is not null)
            keys.Add(key);
        else if (relation.RelationId == _relation && !isNobodys)
            throw new SourceStoppedException($"a change does not say whose row it is: column {subjectColumn} must be in the table's primary key, or REPLICA IDENTITY be FULL");
    }

    private void Commit(HashSet<string> keys, bool isAll, NpgsqlLogSequenceNumber until)
    {
        lock (_lock)
        {
            _keys.UnionWith(keys);
            _isAll |= isAll || _keys.Count > KeysMax;
            if (_isAll)
                _keys.Clear();
            (_until, _isOpen) = (until, false);
        }
    }

    private async Task EndConnectionAsync()
    {
        if (_connection is { } connection)
            await connection.DisposeAsync();
        _connection = null;
    }
}
