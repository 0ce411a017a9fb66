using DataExchange.Broker.Index.Sealing;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

internal enum RecordOrderKind : byte
{
    /// <summary>In today's form: values sealed, secret and row under the current keys. A record that is not there stays so.</summary>
    Renew,

    /// <summary>As above, and the subject has a secret, and with it a pseudonym, also if nothing else is known of it.</summary>
    MakeKnown,

    /// <summary>Nothing is left but the mark: no statement, no link, no secret.</summary>
    Erase,
}

/// <summary>Something to be done to records, whatever departments say.</summary>
/// <param name="Subjects">Whose.</param>
/// <param name="Erasure">Of an erasure: its mark.</param>
internal sealed record RecordOrder(RecordOrderKind Kind, IReadOnlyList<SubjectKey> Subjects, ErasureMark? Erasure = null)
{
    /// <summary>Put into the state in the same write: how far whoever orders is. A key without a value is taken out.</summary>
    public IReadOnlyList<(byte[] Key, byte[]? Value)> State { get; init; } = [];

    /// <summary>Done by the writer once it is durable, between two records.</summary>
    public Action? Then { get; init; }
}

/// <summary>Carries out orders, each record read and written once. The writer's own.</summary>
internal sealed class RecordOrders(IndexStore store, RecordSealer sealer)
{
    private readonly RecordWriter _writer = new(store.Rows);

    /// <summary>Adds the records that changed to <paramref name="write"/>.</summary>
    /// <returns>By how much more counts than before.</returns>
    /// <exception cref="IndexCorruptionException">A record is damaged.</exception>
    public IndexStatistics Save(WriteBatch write, IReadOnlyList<RecordOrder> orders, StreamTable streams)
    {
        var gained = default(IndexStatistics);
        if (orders.Count == 0)
            return gained;
        var bySubject = new SortedDictionary<SubjectKey, RecordOrder>();
        foreach (var order in orders)
        {
            foreach (var (key, value) in order.State)
                store.PutState(write, key, value);
            foreach (var subject in order.Subjects)
            {
                // Of several the one that goes furthest.
                if (!bySubject.TryGetValue(subject, out var other) || other.Kind < order.Kind)
                    bySubject[subject] = order;
            }
        }

        store.ReadSubjects([.. bySubject.Keys], (subject, record) =>
        {
            var order = bySubject[subject];
            if (order is { Kind: RecordOrderKind.Erase, Erasure: { } mark })
            {
                gained -= IndexStatistics.Of(record, subject, store.Rows, streams);
                _writer.Start(default, mark);
            }
            else if (!TryRenew(record, subject, order.Kind == RecordOrderKind.MakeKnown, streams))
            {
                return;
            }
            store.PutSubject(write, subject, _writer.Finish(subject));
        });
        return gained;
    }

    /// <returns>False if the record is as it should be.</returns>
    private bool TryRenew(ReadOnlySpan<byte> record, SubjectKey subject, bool makeKnown, StreamTable streams)
    {
        var standing = new RecordReader(record, subject, store.Rows);
        var isOld = !record.IsEmpty && (record[0] != RecordFormat.Version || standing.Generation != store.Rows.Current);
        if (standing.Secret.IsEmpty && !makeKnown && !standing.MoveNext())
        {
            // Erased and never spoken of since: it needs no secret.
            _writer.Start(default, standing.Erasure);
            return isOld;
        }
        RecordMerge.Merge(record, subject, [], streams, sealer, _writer, out _);
        return sealer.IsNew || isOld;
    }
}
