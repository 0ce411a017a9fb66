using System.Security.Cryptography;
using System.Text;
using DataExchange.Broker.Index.Sealing;

namespace DataExchange.Broker.Index;

/// <summary>
/// SHA-256 of all that the index says: every statement and tombstone, unsealed, under names instead of ordinals, and every stream's epoch
/// and watermark. Two indexes that took the same batches have the same digest, whatever order they came in and whatever their secrets and
/// rows: subjects are joined by exclusive or of their hashes.
/// </summary>
internal static class IndexDigest
{
    /// <exception cref="IndexCorruptionException">A record is damaged, or a value cannot be unsealed.</exception>
    public static byte[] Compute(IndexStore store, AttributeTable attributes, StreamTable streams, WrappingKeys keys, StreamStates states)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var entries = new List<byte[]>();
        var (subjects, one) = (new byte[SHA256.HashSizeInBytes], new byte[SHA256.HashSizeInBytes]);
        store.ForEachSubject((subject, record) =>
        {
            entries.Clear();
            var reader = new RecordReader(record, subject, store.Rows);
            var opener = new RecordOpener(keys, subject, reader.Secret);
            while (reader.MoveNext())
                entries.Add(Describe(subject, ref reader, opener, attributes, streams));
            // Records are in the order of ordinals, which is that of arrival.
            entries.Sort((a, b) => a.AsSpan().SequenceCompareTo(b));
            foreach (var entry in entries)
                hash.AppendData(entry);
            hash.GetHashAndReset(one);
            // A record that says nothing, as one made by being asked about, counts for nothing.
            for (var i = 0; i < one.Length && entries.Count > 0; i++)
                subjects[i] ^= one[i];
        });
        hash.AppendData(subjects);
        foreach (var stream in states.All.OrderBy(s => s.Department.Value, StringComparer.Ordinal))
            hash.AppendData(Encoding.UTF8.GetBytes($"{stream.Department} {stream.Epoch:x32} {stream.Watermark}\n"));
        return hash.GetHashAndReset();
    }

    private static byte[] Describe(SubjectKey subject, ref readonly RecordReader entry, RecordOpener opener, AttributeTable attributes, StreamTable streams)
    {
        var key = entry.Key;
        var content = opener.Open(in entry, attributes, streams);
        var about = key.IsLink ? key.Other.ToString() : attributes.Find(key.Attribute).ToString();
        var head = $"{subject} {about} {streams.Department(key.Stream)} {streams.Epoch(key.Stream):x32} {entry.Sequence} {entry.AsOfTicks} {entry.Flags & ~EntryFlags.Sealed} {content.Length} ";
        var bytes = new byte[Encoding.UTF8.GetByteCount(head) + content.Length];
        content.CopyTo(bytes.AsSpan(Encoding.UTF8.GetBytes(head, bytes)));
        return bytes;
    }
}
