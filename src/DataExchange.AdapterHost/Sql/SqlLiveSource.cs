using System.Data.Common;
using DataExchange.Adapter;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Mapping;
using DataExchange.AdapterHost.Sources;
using DataExchange.Contracts;

namespace DataExchange.AdapterHost.Sql;

/// <summary>Answers located attributes by the query of the configuration, once for each subject that is asked about.</summary>
internal sealed class SqlLiveSource(SourceMapping mapping, SqlConfig config, TimeProvider time) : ILiveSource
{
    private readonly SqlDatabase _database = new(config);

    public async ValueTask<IReadOnlyList<LiveValue>> FetchAsync(IReadOnlyList<LiveItem> items, LiveFetchContext why, CancellationToken cancellationToken)
    {
        var values = new LiveValue[items.Count];
        await using var connection = await _database.OpenAsync(cancellationToken);
        foreach (var asked in items.Select((item, i) => (item, i)).GroupBy(asked => asked.item.Subject))
        {
            if (asked.Key.Scheme != mapping.Subject.Scheme.Name)
            {
                foreach (var (_, i) in asked)
                    values[i] = LiveValue.Absent;
                continue;
            }

            await using var command = _database.Command(connection, config.Live!, "@subject", asked.Key.Value);
            await using var row = await command.ExecuteReaderAsync(cancellationToken);
            var isThere = await row.ReadAsync(cancellationToken);
            foreach (var (item, i) in asked)
                values[i] = isThere ? Read(row, item.Attribute) : LiveValue.Absent;
        }

        return values;
    }

    private LiveValue Read(DbDataReader row, string name)
    {
        var attribute = mapping.Attributes.Single(known => known.Name == name);
        var asOf = time.GetUtcNow();
        if (mapping.Config.AsOf is { } column && !(CellText.Of(row.GetValue(row.GetOrdinal(column.Column))) is { Length: > 0 } moment && mapping.AsOf.TryRead(moment, out asOf)))
            return LiveValue.Unavailable(ErrorReasons.ProviderFailed);
        if (CellText.Of(row.GetValue(row.GetOrdinal(mapping.Columns[attribute.Cell]))) is not { Length: > 0 } text)
            return LiveValue.Absent;
        return text != SourceRow.Unreadable && attribute.Reader.TryRead(text, out var value, out _) ? LiveValue.Found(value, asOf) : LiveValue.Unavailable(ErrorReasons.ProviderFailed);
    }
}
