using System.Buffers;
using System.Collections.Frozen;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>One thread's memory for reading clusters, used again for each, so that a lookup allocates its answer and nothing else.</summary>
internal sealed class ClusterScratch : ISpanDeserializer<bool>
{
    private const int ContentBytesKept = 1 << 20;
    private const long Unpublished = -1;
    private const int NoSecret = -1;

    private readonly List<SubjectKey> _identifiers = [];
    private readonly List<long> _asked = [];
    private readonly List<Found> _found = [];

    // Where in the contents the wrapped secret of each identifier read so far lies; -1 where it has none.
    private readonly List<int> _secrets = [];
    private ArrayBufferWriter<byte> _contents = new();
    private StreamTable _streams = StreamTable.Empty;
    private FrozenSet<DepartmentId>? _linkers;
    private RowKeys _rows = RowKeys.None;
    private int _read;
    private int _identifiersMax;

    /// <summary>Seen so far, read or not.</summary>
    public int Identifiers => _identifiers.Count;

    public bool IsTooLarge => _identifiers.Count > _identifiersMax;

    public void Start(
        SubjectKey start, IReadOnlyList<AttributeId> asked, FrozenSet<DepartmentId>? linkers, AttributeTable attributes, StreamTable streams, int identifiersMax)
    {
        _linkers = linkers;
        _identifiersMax = identifiersMax;
        _identifiers.Clear();
        _identifiers.Add(start);
        _read = 0;
        _found.Clear();
        _secrets.Clear();
        if (_contents.Capacity > ContentBytesKept)
            _contents = new ArrayBufferWriter<byte>();
        _contents.ResetWrittenCount();
        _streams = streams;
        _asked.Clear();
        for (var i = 0; i < asked.Count; i++)
            _asked.Add(attributes.TryFind(asked[i], out var ordinal) ? ordinal : Unpublished);
    }

    /// <summary>Reads the record of the next identifier: breadth first.</summary>
    /// <returns>False if all have been read, or there are too many.</returns>
    public bool ReadNext(IndexStore store, IndexView? view)
    {
        if (_read == _identifiers.Count || IsTooLarge)
            return false;
        _rows = store.Rows;
        _secrets.Add(NoSecret);
        store.ReadSubject(_identifiers[_read++], this, view);
        return true;
    }

    /// <summary>Opens what is sealed.</summary>
    /// <exception cref="IndexCorruptionException">No wrapping key opens the secret of the identifier asked for.</exception>
    public ClusterResult ToResult(IReadOnlyList<AttributeId> asked, WrappingKeys keys)
    {
        var opener = new ClusterOpener(keys, _identifiers, _secrets, _contents.WrittenSpan);
        var pseudonym = opener.PseudonymOf(0);
        if (IsTooLarge)
            return new ClusterResult(ClusterOutcome.TooLarge, _identifiers.Count, [], pseudonym);
        if (_found.Count == 0)
            return new ClusterResult(ClusterOutcome.Read, _identifiers.Count, [], pseudonym);
        _found.Sort(Found.Order);
        var contents = new byte[_found.Sum(found => found.ValueLength)];
        var facts = new Fact[_found.Count];
        for (int i = 0, start = 0; i < facts.Length; i++)
        {
            var found = _found[i];
            var content = contents.AsMemory(start, found.ValueLength);
            start += found.ValueLength;
            var department = _streams.Department(found.Stream);
            var broken = !opener.TryRead(found.Identifier, _contents.WrittenSpan.Slice(found.ContentStart, found.ContentLength), found.IsSealed,
                new SealedPlace(_identifiers[found.Identifier], department, _streams.Epoch(found.Stream), asked[found.Asked], found.Sequence, found.AsOfTicks), content.Span);
            facts[i] = new Fact(asked[found.Asked], department, found.Sequence, new DateTimeOffset(found.AsOfTicks, TimeSpan.Zero),
                broken ? default : content, (found.Flags & EntryFlags.Held) != 0, broken);
        }
        return new ClusterResult(ClusterOutcome.Read, _identifiers.Count, facts, pseudonym);
    }

    /// <summary>Every identifier of the cluster with its pseudonym, the one asked for first.</summary>
    /// <exception cref="IndexCorruptionException">No wrapping key opens the secret of one.</exception>
    public (SubjectKey Subject, Pseudonym Pseudonym)[] ToMembers(WrappingKeys keys)
    {
        var opener = new ClusterOpener(keys, _identifiers, _secrets, _contents.WrittenSpan);
        var members = new (SubjectKey, Pseudonym)[_secrets.Count];
        for (var i = 0; i < members.Length; i++)
            members[i] = (_identifiers[i], opener.PseudonymOf(i));
        return members;
    }

    bool ISpanDeserializer<bool>.Deserialize(ReadOnlySpan<byte> buffer)
    {
        var reader = new RecordReader(buffer, _identifiers[_read - 1], _rows);
        if (!reader.Secret.IsEmpty)
        {
            _secrets[_read - 1] = _contents.WrittenCount;
            _contents.Write(reader.Secret);
        }
        // A record can hold any number of links; one too many is enough to know.
        while (!IsTooLarge && reader.MoveNext())
        {
            if (reader.IsTombstone || !_streams.IsCurrent(reader.Key.Stream))
                continue;
            if (!reader.Key.IsLink)
                AddFact(ref reader);
            else if (_linkers?.Contains(_streams.Department(reader.Key.Stream)) != false && !_identifiers.Contains(reader.Key.Other))
                _identifiers.Add(reader.Key.Other);
        }
        return true;
    }

    private void AddFact(ref readonly RecordReader reader)
    {
        var asked = _asked.IndexOf(reader.Key.Attribute);
        if (asked < 0)
            return;
        _found.Add(new Found(_read - 1, asked, reader.Key.Stream, reader.Sequence, reader.AsOfTicks, _contents.WrittenCount, reader.Content.Length, reader.Flags));
        _contents.Write(reader.Content);
    }

    private readonly record struct Found(
        int Identifier, int Asked, uint Stream, ulong Sequence, long AsOfTicks, int ContentStart, int ContentLength, EntryFlags Flags)
    {
        public bool IsSealed => (Flags & EntryFlags.Sealed) != 0;

        public int ValueLength => IsSealed ? ContentLength - ValueSeal.OverheadBytes : ContentLength;

        /// <summary>As asked, newest first; by stream and sequence where that leaves it open, so that equal questions get equal answers.</summary>
        public static readonly Comparison<Found> Order = (a, b) =>
            a.Asked != b.Asked ? a.Asked.CompareTo(b.Asked)
            : a.AsOfTicks != b.AsOfTicks ? b.AsOfTicks.CompareTo(a.AsOfTicks)
            : a.Stream != b.Stream ? a.Stream.CompareTo(b.Stream)
            : b.Sequence.CompareTo(a.Sequence);
    }
}
