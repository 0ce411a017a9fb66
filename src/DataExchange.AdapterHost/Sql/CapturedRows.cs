using System.Runtime.CompilerServices;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Sources;

namespace DataExchange.AdapterHost.Sql;

/// <summary>The rows of a PostgreSQL table: all of them at the start and every so often, and in between those that its log says were written.</summary>
internal sealed class CapturedRows(SqlConfig config, string subjectColumn, IReadOnlyList<string> columns, TimeProvider time) : IRowSource, IAsyncDisposable
{
    private static readonly TimeSpan LagInterval = TimeSpan.FromSeconds(5);

    private readonly SqlDatabase _database = new(config);
    private readonly SqlRows _table = new(config, time);
    private readonly TableCapture _capture = new(config, new SqlDatabase(config), subjectColumn, columns);
    private CapturedKeys _taken;
    private bool _isRead = true;
    private DateTimeOffset _laggedAt;

    /// <summary>Bytes of log that the database keeps for this adapter; a few seconds old.</summary>
    public long? LagBytes { get; private set; }

    public async ValueTask<RowVersion> VersionAsync(bool whole, CancellationToken cancellationToken)
    {
        // The slot is there before the first row is read: what is written meanwhile is in its stream.
        await _capture.BeginAsync(cancellationToken);
        if (time.GetUtcNow() - _laggedAt > LagInterval)
            (_laggedAt, LagBytes) = (time.GetUtcNow(), await _capture.LagAsync(cancellationToken));
        // What was read is stored by now: the caller would else ask for all.
        if (_isRead)
            _capture.Confirm(_taken.Until);
        var taken = _capture.Take();
        if (!_isRead)
        {
            taken.Keys.UnionWith(_taken.Keys);
            taken = taken with { IsAll = taken.IsAll || _taken.IsAll };
        }

        (_taken, _isRead) = (taken, taken.Keys.Count == 0 && !taken.IsAll);
        var version = await _table.VersionAsync(whole || _taken.IsAll, cancellationToken);
        return _taken.Keys.Count > 0 && version == _table.Compared ? new RowVersion(null, time.GetUtcNow(), IsPartial: true) : version;
    }

    public async IAsyncEnumerable<SourceRow> ReadAsync(RowVersion version, IReadOnlyList<string> columns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var row in version.IsPartial ? ReadWrittenAsync(columns, cancellationToken) : _table.ReadAsync(version, columns, cancellationToken))
            yield return row;
        _isRead = true;
    }

    public async ValueTask DisposeAsync() => await _capture.DisposeAsync();

    private async IAsyncEnumerable<SourceRow> ReadWrittenAsync(IReadOnlyList<string> columns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await _table.OpenAsync(cancellationToken);
        var subject = _database.Quote(subjectColumn);
        string type;
        await using (var ask = _database.Command(connection, $"SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = '{_database.Table}'::regclass AND attname = @column", "@column", subjectColumn))
            type = (string)(await ask.ExecuteScalarAsync(cancellationToken))!;
        // Both sides in the column's own type, so that its index serves; and spelled by the database, so that what is missing is missing.
        await using var command = _database.Command(
            connection, $"SELECT {string.Join(", ", columns.Select(_database.Quote))}, {subject}::text FROM {_database.Table} WHERE {subject} = ANY(CAST(@keys AS {type}[]))", "@keys", _taken.Keys.ToArray());
        await using var rows = await SqlRows.ExecuteAsync(command, cancellationToken);
        // A char(n) is padded in the log, and not as text.
        var missing = _taken.Keys.Select(key => key.TrimEnd(' ')).ToHashSet(StringComparer.Ordinal);
        var cells = new string?[columns.Count];
        var place = 0L;
        while (await rows.ReadAsync(cancellationToken))
        {
            for (var i = 0; i < cells.Length; i++)
                cells[i] = CellText.Of(rows.GetValue(i));
            missing.Remove(rows.GetString(cells.Length).TrimEnd(' '));
            yield return new SourceRow(++place, null, cells);
        }

        var at = columns.ToList().IndexOf(subjectColumn);
        foreach (var key in missing)
        {
            Array.Clear(cells);
            cells[at] = CellText.Of(key);
            yield return new SourceRow(++place, null, cells, IsGone: true);
        }
    }
}
