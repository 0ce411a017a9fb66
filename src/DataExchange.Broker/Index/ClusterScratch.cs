using System.Buffers;
using DataExchange.Contracts;
using RocksDbSharp;

namespace DataExchange.Broker.Index;

/// <summary>One thread's memory for reading clusters, used again for each, so that a lookup allocates its answer and nothing else.</summary>
internal sealed class ClusterScratch : ISpanDeserializer<bool>
{
    private const int ContentBytesKept = 1 << 20;
    private const long Unpublished = -1;

    private readonly List<SubjectKey> _identifiers = [];
    private readonly List<long> _asked = [];
    private readonly List<Found> _found = [];
    private ArrayBufferWriter<byte> _contents = new();
    private StreamTable _streams = StreamTable.Empty;
    private int _read;
    private int _identifiersMax;

    /// <summary>Seen so far, read or not.</summary>
    public int Identifiers => _identifiers.Count;

    public bool IsTooLarge => _identifiers.Count > _identifiersMax;

    public void Start(SubjectKey start, IReadOnlyList<AttributeId> asked, AttributeTable attributes, StreamTable streams, int identifiersMax)
    {
        _identifiersMax = identifiersMax;
        _identifiers.Clear();
        _identifiers.Add(start);
        _read = 0;
        _found.Clear();
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
        store.ReadSubject(_identifiers[_read++], this, view);
        return true;
    }

    public ClusterResult ToResult(IReadOnlyList<AttributeId> asked)
    {
        if (IsTooLarge)
            return new ClusterResult(ClusterOutcome.TooLarge, _identifiers.Count, []);
        if (_found.Count == 0)
            return new ClusterResult(ClusterOutcome.Read, _identifiers.Count, []);
        _found.Sort(Found.Order);
        var contents = _contents.WrittenSpan.ToArray();
        var facts = new Fact[_found.Count];
        for (var i = 0; i < facts.Length; i++)
        {
            var found = _found[i];
            facts[i] = new Fact(asked[found.Asked], _streams.Department(found.Stream), found.Sequence, new DateTimeOffset(found.AsOfTicks, TimeSpan.Zero),
                contents.AsMemory(found.ContentStart, found.ContentLength), found.Held);
        }
        return new ClusterResult(ClusterOutcome.Read, _identifiers.Count, facts);
    }

    bool ISpanDeserializer<bool>.Deserialize(ReadOnlySpan<byte> buffer)
    {
        var reader = new RecordReader(buffer, _identifiers[_read - 1]);
        // A record can hold any number of links; one too many is enough to know.
        while (!IsTooLarge && reader.MoveNext())
        {
            if (reader.IsTombstone || !_streams.IsCurrent(reader.Key.Stream))
                continue;
            if (!reader.Key.IsLink)
                AddFact(ref reader);
            else if (!_identifiers.Contains(reader.Key.Other))
                _identifiers.Add(reader.Key.Other);
        }
        return true;
    }

    private void AddFact(ref readonly RecordReader reader)
    {
        var asked = _asked.IndexOf(reader.Key.Attribute);
        if (asked < 0)
            return;
        _found.Add(new Found(asked, reader.Key.Stream, reader.Sequence, reader.AsOfTicks, _contents.WrittenCount, reader.Content.Length,
            (reader.Flags & EntryFlags.Held) != 0));
        _contents.Write(reader.Content);
    }

    private readonly record struct Found(int Asked, uint Stream, ulong Sequence, long AsOfTicks, int ContentStart, int ContentLength, bool Held)
    {
        /// <summary>As asked, newest first; by stream and sequence where that leaves it open, so that equal questions get equal answers.</summary>
        public static readonly Comparison<Found> Order = (a, b) =>
            a.Asked != b.Asked ? a.Asked.CompareTo(b.Asked)
            : a.AsOfTicks != b.AsOfTicks ? b.AsOfTicks.CompareTo(a.AsOfTicks)
            : a.Stream != b.Stream ? a.Stream.CompareTo(b.Stream)
            : b.Sequence.CompareTo(a.Sequence);
    }
}
