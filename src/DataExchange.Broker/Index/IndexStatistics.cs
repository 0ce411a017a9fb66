using System.Buffers.Binary;
using DataExchange.Broker.Index.Sealing;

namespace DataExchange.Broker.Index;

/// <summary>How much counts, in one record or in the whole index: said by its department's current stream and not taken back.</summary>
/// <param name="Subjects">Identifiers of which anything counts.</param>
/// <param name="Facts">Facts that count.</param>
/// <param name="Links">Links that count: two departments' links of the same identifiers are two, the two sides of one are one.</param>
internal readonly record struct IndexStatistics(long Subjects, long Facts, long Links)
{
    public static IndexStatistics operator +(IndexStatistics a, IndexStatistics b) => new(a.Subjects + b.Subjects, a.Facts + b.Facts, a.Links + b.Links);

    public static IndexStatistics operator -(IndexStatistics a, IndexStatistics b) => new(a.Subjects - b.Subjects, a.Facts - b.Facts, a.Links - b.Links);

    /// <exception cref="IndexCorruptionException">The record is damaged.</exception>
    public static IndexStatistics Of(ReadOnlySpan<byte> record, SubjectKey subject, RowKeys rows, StreamTable streams)
    {
        var sum = default(IndexStatistics);
        var reader = new RecordReader(record, subject, rows);
        while (reader.MoveNext())
            sum = sum.With(subject, reader.Key, reader.Flags, streams);
        return sum;
    }

    /// <summary>With one more entry of the record of <paramref name="subject"/>; a link counts at the smaller of its identifiers.</summary>
    public IndexStatistics With(SubjectKey subject, EntryKey key, EntryFlags flags, StreamTable streams)
    {
        if ((flags & EntryFlags.Tombstone) != 0 || !streams.IsCurrent(key.Stream))
            return this;
        return key.IsLink
            ? new(1, Facts, subject.CompareTo(key.Other) < 0 ? Links + 1 : Links)
            : new(1, Facts + 1, Links);
    }

    public byte[] Serialize()
    {
        var bytes = new byte[3 * sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Subjects);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(sizeof(long)), Facts);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(2 * sizeof(long)), Links);
        return bytes;
    }

    public static IndexStatistics Deserialize(ReadOnlySpan<byte> bytes) => new(
        BinaryPrimitives.ReadInt64LittleEndian(bytes),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[sizeof(long)..]),
        BinaryPrimitives.ReadInt64LittleEndian(bytes[(2 * sizeof(long))..]));
}
