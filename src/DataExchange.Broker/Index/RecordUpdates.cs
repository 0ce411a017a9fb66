using System.Text;
using DataExchange.Broker.Index.Sealing;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>
/// Gathers the statements of many batches and merges them into the records they are about, each record read and written once. The
/// writer's own.
/// </summary>
internal sealed class RecordUpdates(IndexStore store, AttributeTable attributes, RecordSealer sealer)
{
    private readonly RecordWriter _writer = new(store.Rows);
    private readonly List<uint> _newAttributes = [];

    // In order of arrival; the sorted indices stand beside it, because moving 16 bytes while sorting is cheaper than moving 96.
    private Statement[] _arrived = new Statement[1024];
    private Statement[] _sorted = new Statement[1024];
    private SortItem[] _order = new SortItem[1024];
    private int _count;

    // The subjects among the sorted, each once.
    private SubjectKey[] _subjects = new SubjectKey[1024];

    /// <summary>Takes the batch's changes as statements of <paramref name="stream"/>.</summary>
    public void Add(VerifiedBatch batch, uint stream)
    {
        var changes = batch.Changes.Span;
        var packedAt = batch.PackedAt.UtcTicks;
        EnsureCapacity(_count + (2 * changes.Length));
        for (var i = 0; i < changes.Length; i++)
        {
            ref readonly var change = ref changes[i];
            var sequence = batch.FirstSequence + (ulong)i;
            var asOf = change.AsOf.UtcTicks;
            if (change.Kind is ChangeKind.Set or ChangeKind.Withdraw)
            {
                var key = new EntryKey(false, Ordinal(in change), default, stream);
                var flags = change.Kind == ChangeKind.Withdraw ? EntryFlags.Tombstone : change.Held ? EntryFlags.Held : EntryFlags.None;
                _arrived[_count++] = new Statement(change.Subject, key, sequence, asOf, flags, change.Content, packedAt);
            }
            else if (change.Subject != change.Other)
            {
                // At both sides, so that the cluster is found from either.
                var flags = change.Kind == ChangeKind.Unlink ? EntryFlags.Tombstone : EntryFlags.None;
                _arrived[_count++] = new Statement(change.Subject, new EntryKey(true, 0, change.Other, stream), sequence, asOf, flags, default, packedAt);
                _arrived[_count++] = new Statement(change.Other, new EntryKey(true, 0, change.Subject, stream), sequence, asOf, flags, default, packedAt);
            }
        }
    }

    /// <summary>Merges everything gathered and adds the records that changed to <paramref name="write"/>.</summary>
    /// <returns>By how much more counts than before.</returns>
    /// <exception cref="IndexCorruptionException">A record is damaged.</exception>
    public IndexStatistics Save(WriteBatch write, StreamTable streams)
    {
        var gained = default(IndexStatistics);
        var next = 0;
        store.ReadSubjects(_subjects.AsSpan(0, Sort()), (subject, record) =>
        {
            var statements = StatementsAbout(subject, next);
            gained += RecordMerge.Merge(record, subject, statements, streams, sealer, _writer, out var changed);
            if (changed)
                store.PutSubject(write, subject, _writer.Finish(subject));
            next += statements.Length;
        });

        foreach (var ordinal in _newAttributes)
            store.PutState(write, StateKeys.Of(StateKeys.Attribute, ordinal), Encoding.UTF8.GetBytes(attributes.Find(ordinal).ToString()));
        Clear();
        return gained;
    }

    private ReadOnlySpan<Statement> StatementsAbout(SubjectKey subject, int start)
    {
        var end = start + 1;
        while (end < _count && _sorted[end].Subject == subject)
            end++;
        return _sorted.AsSpan(start, end - start);
    }

    private uint Ordinal(ref readonly VerifiedChange change)
    {
        if (attributes.TryFind(change.Attribute, out var known))
            return known;
        var ordinal = attributes.Add(change.Attribute);
        _newAttributes.Add(ordinal);
        return ordinal;
    }

    /// <returns>The number of subjects.</returns>
    private int Sort()
    {
        for (var i = 0; i < _count; i++)
            _order[i] = new SortItem(_arrived[i].Subject.High, i);
        _order.AsSpan(0, _count).Sort(new StatementOrder(_arrived));
        var subjects = 0;
        for (var i = 0; i < _count; i++)
        {
            _sorted[i] = _arrived[_order[i].Index];
            if (subjects == 0 || _subjects[subjects - 1] != _sorted[i].Subject)
                _subjects[subjects++] = _sorted[i].Subject;
        }
        return subjects;
    }

    private void EnsureCapacity(int count)
    {
        if (count <= _arrived.Length)
            return;
        var capacity = Math.Max(count, _arrived.Length * 2);
        Array.Resize(ref _arrived, capacity);
        Array.Resize(ref _sorted, capacity);
        Array.Resize(ref _order, capacity);
        Array.Resize(ref _subjects, capacity);
    }

    private void Clear()
    {
        // The contents belong to the callers again.
        Array.Clear(_arrived, 0, _count);
        Array.Clear(_sorted, 0, _count);
        _newAttributes.Clear();
        _count = 0;
    }

    private readonly record struct SortItem(ulong High, int Index);

    /// <summary>By subject, key, and under one key the highest sequence first.</summary>
    private readonly struct StatementOrder(Statement[] statements) : IComparer<SortItem>
    {
        public int Compare(SortItem x, SortItem y)
        {
            if (x.High != y.High)
                return x.High < y.High ? -1 : 1;
            ref readonly var a = ref statements[x.Index];
            ref readonly var b = ref statements[y.Index];
            var order = a.Subject.Low.CompareTo(b.Subject.Low);
            if (order == 0)
                order = a.Key.CompareTo(b.Key);
            return order != 0 ? order : b.Sequence.CompareTo(a.Sequence);
        }
    }
}
