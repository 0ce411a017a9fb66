namespace DataExchange.Broker.Index;

/// <summary>
/// Counts subjects as the links of the moment make them out: identifiers of which anything counts, those that are linked taken as
/// one. Reads the whole index, and needs memory for every linked identifier.
/// </summary>
internal static class SubjectCount
{
    /// <exception cref="IndexCorruptionException">A record is damaged.</exception>
    public static long Compute(IndexStore store, StreamTable streams)
    {
        var parents = new Dictionary<SubjectKey, SubjectKey>();
        long identifiers = 0, joins = 0;
        store.ForEachSubject((subject, record) =>
        {
            var counts = false;
            var reader = new RecordReader(record, subject, store.Rows);
            while (reader.MoveNext())
            {
                if (reader.IsTombstone || !streams.IsCurrent(reader.Key.Stream))
                    continue;
                counts = true;
                if (reader.Key.IsLink && Join(parents, subject, reader.Key.Other))
                    joins++;
            }

            if (counts)
                identifiers++;
        });
        return identifiers - joins;
    }

    /// <summary>False if the two were one already; a link stands at both its ends.</summary>
    private static bool Join(Dictionary<SubjectKey, SubjectKey> parents, SubjectKey a, SubjectKey b)
    {
        var (root, other) = (Root(parents, a), Root(parents, b));
        if (root == other)
            return false;
        parents[root] = other;
        return true;
    }

    private static SubjectKey Root(Dictionary<SubjectKey, SubjectKey> parents, SubjectKey key)
    {
        while (parents.TryGetValue(key, out var parent))
        {
            // Each visit halves the way for the next.
            if (parents.TryGetValue(parent, out var grandparent))
                parents[key] = grandparent;
            key = parent;
        }

        return key;
    }
}
