using DataExchange.Broker.Index.Sealing;

namespace DataExchange.Broker.Index;

/// <summary>
/// The merge rule: of all statements of one stream about one attribute or one link, the one with the highest sequence stands,
/// whatever order they come in and however often. Streams never touch each other's statements.
/// </summary>
internal static class RecordMerge
{
    /// <param name="record">What stands; empty if nothing does.</param>
    /// <param name="subject">Whose record it is.</param>
    /// <param name="statements">All about <paramref name="subject"/>, ascending by key, under one key the highest sequence first.</param>
    /// <param name="streams">Tells what counts, for the tally.</param>
    /// <param name="sealer">Keeps or makes the subject's secret, and seals what the record takes in.</param>
    /// <param name="writer">Started and left unfinished: finish it if anything <paramref name="changed"/>.</param>
    /// <param name="changed">False if every statement was known or overtaken.</param>
    /// <returns>By how much more counts than before.</returns>
    /// <exception cref="IndexCorruptionException">The record is damaged.</exception>
    public static IndexStatistics Merge(
        ReadOnlySpan<byte> record, SubjectKey subject, ReadOnlySpan<Statement> statements, StreamTable streams, RecordSealer sealer, RecordWriter writer, out bool changed)
    {
        changed = false;
        var (before, after) = (default(IndexStatistics), default(IndexStatistics));
        var standing = new RecordReader(record, subject, writer.Rows);
        sealer.Start(subject, standing.Secret);
        writer.Start(sealer.Wrapped, standing.Erasure);
        var hasStanding = standing.MoveNext();
        while (hasStanding || !statements.IsEmpty)
        {
            var order = !hasStanding ? 1 : statements.IsEmpty ? -1 : standing.Key.CompareTo(statements[0].Key);
            if (order > 0 && standing.Erasure?.Covers(in statements[0]) == true)
            {
                statements = AfterKey(statements);
                continue;
            }
            if (order <= 0)
                before = before.With(subject, standing.Key, standing.Flags, streams);
            if (order < 0 || (order == 0 && standing.Sequence >= statements[0].Sequence))
            {
                after = after.With(subject, standing.Key, standing.Flags, streams);
                Copy(in standing, streams, sealer, writer);
            }
            else
            {
                changed = true;
                after = after.With(subject, statements[0].Key, statements[0].Flags, streams);
                Add(in statements[0], streams, sealer, writer);
            }

            if (order >= 0)
                statements = AfterKey(statements);
            if (order <= 0)
                hasStanding = standing.MoveNext();
        }
        return after - before;
    }

    /// <summary>As it stands; a value that an earlier version left unsealed is sealed on the way.</summary>
    private static void Copy(ref readonly RecordReader entry, StreamTable streams, RecordSealer sealer, RecordWriter writer)
    {
        if (entry.Key.IsLink || (entry.Flags & (EntryFlags.Held | EntryFlags.Sealed)) != EntryFlags.Held)
            writer.Copy(in entry);
        else
            writer.Add(entry.Key, entry.Sequence, entry.AsOfTicks, entry.Flags | EntryFlags.Sealed,
                sealer.Seal(entry.Key, entry.Sequence, entry.AsOfTicks, entry.Content, streams));
    }

    private static void Add(ref readonly Statement statement, StreamTable streams, RecordSealer sealer, RecordWriter writer)
    {
        var held = (statement.Flags & EntryFlags.Held) != 0 && !statement.Key.IsLink;
        writer.Add(statement.Key, statement.Sequence, statement.AsOfTicks, held ? statement.Flags | EntryFlags.Sealed : statement.Flags,
            held ? sealer.Seal(statement.Key, statement.Sequence, statement.AsOfTicks, statement.Content.Span, streams) : statement.Content.Span);
    }

    private static ReadOnlySpan<Statement> AfterKey(ReadOnlySpan<Statement> statements)
    {
        var next = 1;
        while (next < statements.Length && statements[next].Key == statements[0].Key)
            next++;
        return statements[next..];
    }
}
