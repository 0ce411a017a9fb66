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

internal readonly record struct RowChange<TRow>(TRow Was, TRow Now);

/// <summary>The rows of one kind to insert, update and delete, each list in ordinal order of names; rows are compared by value.</summary>
internal sealed record RowChanges<TRow>(IReadOnlyList<TRow> Added, IReadOnlyList<RowChange<TRow>> Changed, IReadOnlyList<TRow> Removed)
    where TRow : class
{
    public bool IsEmpty => Added.Count + Changed.Count + Removed.Count == 0;

    /// <param name="name">Unique within the kind: the rows' key as text.</param>
    public static RowChanges<TRow> Between(IEnumerable<TRow> current, IEnumerable<TRow> wanted, Func<TRow, string> name)
    {
        var left = current.ToDictionary(name, StringComparer.Ordinal);
        var (added, changed) = (new List<TRow>(), new List<RowChange<TRow>>());
        foreach (var row in wanted.OrderBy(name, StringComparer.Ordinal))
        {
            if (!left.Remove(name(row), out var was))
                added.Add(row);
            else if (!was.Equals(row))
                changed.Add(new(was, row));
        }

        return new RowChanges<TRow>(added, changed, [.. left.Values.OrderBy(name, StringComparer.Ordinal)]);
    }

    /// <summary>The rows with the changes made; null when a row that is to change is no longer what it was.</summary>
    public IReadOnlyList<TRow>? On(IReadOnlyList<TRow> current, Func<TRow, string> name)
    {
        if (IsEmpty)
            return current;
        var rows = current.ToDictionary(name, StringComparer.Ordinal);
        foreach (var was in Removed.Concat(Changed.Select(change => change.Was)))
        {
            if (!rows.Remove(name(was), out var found) || !found.Equals(was))
                return null;
        }

        return Added.Concat(Changed.Select(change => change.Now)).All(row => rows.TryAdd(name(row), row)) ? [.. rows.Values] : null;
    }

    public KindDiff Describe(string kind, Func<TRow, string> name)
    {
        return new KindDiff(kind, Names(Added), Names(Changed.Select(change => change.Now)), Names(Removed));

        IReadOnlyList<string> Names(IEnumerable<TRow> rows) => [.. rows.Select(name)];
    }
}
