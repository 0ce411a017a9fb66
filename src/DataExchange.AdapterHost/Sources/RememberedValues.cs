using DataExchange.Adapter;
using DataExchange.AdapterHost.Mapping;
using DataExchange.AdapterHost.Memory;

namespace DataExchange.AdapterHost.Sources;

/// <summary>Answers located attributes with the values of the last reading. For sources that cannot be asked, as files.</summary>
internal sealed class RememberedValues(PublishedMemory memory, SourceMapping mapping, int source) : ILiveSource
{
    public ValueTask<IReadOnlyList<LiveValue>> FetchAsync(IReadOnlyList<LiveItem> items, LiveFetchContext why, CancellationToken cancellationToken)
    {
        using var reader = memory.OpenReader();
        using var find = reader.CreateCommand();
        find.CommandText = "SELECT live FROM row WHERE id BETWEEN @first AND @last AND subject = @subject";
        var values = new LiveValue[items.Count];
        for (var i = 0; i < values.Length; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            values[i] = Find(find, items[i]) is { } found ? LiveValue.Found(found.Value, found.AsOf.ToDateTimeOffset()) : LiveValue.Absent;
        }

        return new(values);
    }

    private Wire.FetchedValue? Find(Microsoft.Data.Sqlite.SqliteCommand find, LiveItem item)
    {
        if (mapping.Subject.Scheme.Name != item.Subject.Scheme)
            return null;
        var first = SubjectSlot.First(source, item.Subject.Value);
        find.Parameters.Clear();
        find.Parameters.AddWithValue("@first", first);
        find.Parameters.AddWithValue("@last", first + SubjectSlot.Neighbours - 1);
        find.Parameters.AddWithValue("@subject", item.Subject.Value);
        return LiveCells.From(find.ExecuteScalar() as byte[])[item.Attribute];
    }
}
