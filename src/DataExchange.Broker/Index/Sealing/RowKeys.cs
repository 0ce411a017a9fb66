using System.Collections.Immutable;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// The row keys of the hub, files <c>identifier-N.key</c>. On disk no subject key stands as it is: rows and links are permuted under a row key,
/// so that whoever has got hold of the hub key and former row keys can test no guess of an identifier on an index under the current one. In
/// memory, in seals and secrets a subject's key stays what it is, so that a rotation splits nobody. Thread safe.
/// </summary>
internal sealed class RowKeys : IDisposable
{
    public const string Prefix = "identifier";

    /// <summary>Rows as they were before there were row keys, generation 0.</summary>
    public static readonly RowKeys None = new(null, new Ring([], [], []));

    private readonly NumberedKeyFiles? _files;

    // Replaced, never changed.
    private volatile Ring _ring;

    private RowKeys(NumberedKeyFiles? files, Ring ring) => (_files, _ring) = (files, ring);

    /// <summary>The generation that is written.</summary>
    public uint Current => _ring.Current;

    /// <summary>
    /// Generations that a reader has to look under, newest first. Until the next start also those that no record is under any more, since a view
    /// of the store may be older than the last move.
    /// </summary>
    public ImmutableArray<uint> Former => _ring.Former;

    /// <summary>Generations that records may still be under; none once all are under the current one.</summary>
    public ImmutableArray<uint> Unsettled => _ring.Unsettled;

    public ImmutableArray<RowKey> All => _ring.Keys;

    /// <param name="files">Where they are.</param>
    /// <param name="mayCreate">Only while nothing in the index is under one.</param>
    /// <exception cref="InvalidOperationException">There is no key and none may be made, or a file is not a key file as it must be.</exception>
    public static RowKeys LoadOrCreate(NumberedKeyFiles files, bool mayCreate)
    {
        files.Require(mayCreate);
        var keys = files.Numbers().Select(number => new RowKey(number, files.Read(number))).ToImmutableArray();
        return new RowKeys(files, Ring.Of(keys));
    }

    /// <summary>Reads the keys whose files have come since.</summary>
    /// <exception cref="InvalidOperationException">A new file is not a key file as it must be.</exception>
    public IReadOnlyList<RowKey> ReadNew() =>
        _files is null ? [] : [.. _files.Numbers().Where(number => number > Current).Select(number => new RowKey(number, _files.Read(number)))];

    /// <summary>The writer's, between two records: the highest is written from now on.</summary>
    public void TakeUp(IReadOnlyList<RowKey> added)
    {
        _ring = Ring.Of(_ring.Keys.AddRange(added));
    }

    /// <summary>The writer's: no record is under a former key any more.</summary>
    public void Settle() => _ring = _ring with { Unsettled = [] };

    /// <summary>As <see cref="Settle"/>, before the first view of the store.</summary>
    public void SettleAtStart() => _ring = _ring with { Former = [], Unsettled = [] };

    /// <exception cref="IndexCorruptionException">There is no such generation.</exception>
    public SubjectKey RowOf(SubjectKey subject, uint generation) => generation == 0 ? subject : Find(generation).RowOf(subject);

    /// <exception cref="IndexCorruptionException">There is no such generation.</exception>
    public SubjectKey SubjectOf(SubjectKey row, uint generation) => generation == 0 ? row : Find(generation).SubjectOf(row);

    public void Dispose()
    {
        foreach (var key in _ring.Keys)
            key.Dispose();
    }

    private RowKey Find(uint generation)
    {
        var keys = _ring.Keys;
        for (var i = keys.Length - 1; i >= 0; i--)
        {
            if (keys[i].Number == generation)
                return keys[i];
        }
        throw new IndexCorruptionException("A record of the index is under a row key that there is not.");
    }

    private sealed record Ring(ImmutableArray<RowKey> Keys, ImmutableArray<uint> Former, ImmutableArray<uint> Unsettled)
    {
        public static Ring Of(ImmutableArray<RowKey> keys)
        {
            ImmutableArray<uint> former = [.. keys[..^1].Select(key => key.Number).Prepend(0u).Reverse()];
            return new Ring(keys, former, former);
        }

        public uint Current { get; } = Keys.IsEmpty ? 0 : Keys[^1].Number;
    }
}
