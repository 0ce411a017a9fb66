namespace DataExchange.Broker.Catalogue.Storage;

/// <summary>What applying a file changed.</summary>
/// <param name="Version">Of the catalogue now.</param>
/// <param name="Kinds">Every kind, whether or not it changed.</param>
public sealed record CatalogueDiff(long Version, IReadOnlyList<KindDiff> Kinds)
{
    public bool IsEmpty => Kinds.All(kind => kind.Count == 0);
}

/// <summary>Names of the entries, in ordinal order; a grant's name is its consumer, attribute and purpose.</summary>
public sealed record KindDiff(string Kind, IReadOnlyList<string> Added, IReadOnlyList<string> Changed, IReadOnlyList<string> Removed)
{
    public int Count => Added.Count + Changed.Count + Removed.Count;
}

/// <summary>The rows of one kind to insert, update and delete; rows are compared by value.</summary>
internal sealed record RowChanges<TRow>(IReadOnlyList<TRow> Added, IReadOnlyList<(TRow Was, TRow Now)> Changed, IReadOnlyList<TRow> Removed)
    where TRow : class
{
    /// <param name="name">Unique within the kind: the rows' key as text.</param>
    public static RowChanges<TRow> Between(IEnumerable<TRow> current, IEnumerable<TRow> wanted, Func<TRow, string> name)
    {
        var left = current.ToDictionary(name, StringComparer.Ordinal);
        var (added, changed) = (new List<TRow>(), new List<(TRow, TRow)>());
        foreach (var row in wanted)
        {
            if (!left.Remove(name(row), out var was))
                added.Add(row);
            else if (!was.Equals(row))
                changed.Add((was, row));
        }

        return new RowChanges<TRow>(added, changed, [.. left.Values]);
    }

    public KindDiff Describe(string kind, Func<TRow, string> name)
    {
        return new KindDiff(kind, Names(Added), Names(Changed.Select(change => change.Now)), Names(Removed));

        IReadOnlyList<string> Names(IEnumerable<TRow> rows) => [.. rows.Select(name).Order(StringComparer.Ordinal)];
    }
}
