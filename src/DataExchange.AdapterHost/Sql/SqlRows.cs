using System.Collections;
using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Sources;

namespace DataExchange.AdapterHost.Sql;

/// <summary>The rows of a table: all of them every so often, those from the newest on in between.</summary>
internal sealed class SqlRows(SqlConfig config, TimeProvider time) : IRowSource
{
    private readonly SqlDatabase _database = new(config);
    private RowVersion _compared;
    private DateTimeOffset _polledAt;
    private bool _isCompared;
    private object? _newest;

    /// <summary>The last whole reading that was given to its end.</summary>
    public RowVersion Compared => _compared;

    public ValueTask<RowVersion> VersionAsync(bool whole, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (whole || !_isCompared || now - _compared.WrittenAt >= config.CompareInterval)
            return new(new RowVersion($"compared {now.Ticks}", now));
        var polls = config.Cursor is { } cursor && _newest is not null && now - _polledAt >= cursor.PollInterval;
        return new(polls ? new RowVersion(null, now, IsPartial: true) : _compared);
    }

    public async IAsyncEnumerable<SourceRow> ReadAsync(RowVersion version, IReadOnlyList<string> columns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var connection = await OpenAsync(cancellationToken);
        await using var command = Select(connection, columns, version.IsPartial);
        await using var rows = await ExecuteAsync(command, cancellationToken);
        var cells = new string?[columns.Count];
        var newest = _newest;
        for (var place = 1L; await rows.ReadAsync(cancellationToken); place++)
        {
            for (var i = 0; i < cells.Length; i++)
                cells[i] = CellText.Of(rows.GetValue(i));
            newest = Later(newest, config.Cursor is null ? null : rows.GetValue(cells.Length));
            yield return new SourceRow(place, null, cells);
        }

        (_newest, _polledAt) = (newest, version.WrittenAt);
        if (!version.IsPartial)
            (_compared, _isCompared) = (version, true);
    }

    public async Task<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _database.OpenAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is DbException or InvalidOperationException or ArgumentException or TimeoutException)
        {
            throw new SourceStoppedException($"the database cannot be reached ({exception.GetType().Name})");
        }
    }

    public static async Task<DbDataReader> ExecuteAsync(DbCommand command, CancellationToken cancellationToken)
    {
        try
        {
            return await command.ExecuteReaderAsync(cancellationToken);
        }
        catch (DbException refused)
        {
            // The server's own words may quote what it was given.
            throw new SourceStoppedException($"the database refused to read it: a column or the table is missing, or the right to read it ({refused.SqlState ?? refused.GetType().Name})");
        }
    }

    private DbCommand Select(DbConnection connection, IReadOnlyList<string> columns, bool isPartial)
    {
        var names = columns.Select(_database.Quote).ToList();
        var cursor = config.Cursor is { } polled ? _database.Quote(polled.Column) : null;
        var select = $"SELECT {string.Join(", ", cursor is null ? names : names.Append(cursor))} FROM {_database.Table}";
        return isPartial
            ? _database.Command(connection, $"{select} WHERE {cursor} >= @newest", "@newest", Overlapped(_newest!))
            : _database.Command(connection, select);
    }

    /// <summary>Where a poll begins: a row may become visible after one that was numbered or dated later.</summary>
    private object Overlapped(object newest) => newest switch
    {
        long key => key - config.Cursor!.OverlapKeys,
        DateTime moment => moment - config.Cursor!.Overlap,
        DateTimeOffset moment => moment - config.Cursor!.Overlap,
        _ => throw new InvalidOperationException("A cursor is a number or a timestamp."),
    };

    private static object? Later(object? newest, object? read)
    {
        var value = read switch
        {
            null or DBNull => null,
            byte or short or int or long => Convert.ToInt64(read, CultureInfo.InvariantCulture),
            DateTime or DateTimeOffset => read,
            _ => throw new SourceStoppedException("its cursor column must hold numbers or timestamps of the database's own type"),
        };
        return value is null || (newest is not null && Comparer.DefaultInvariant.Compare(value, newest) <= 0) ? newest : value;
    }
}
