using System.Buffers.Binary;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;

namespace DataExchange.Fuzzing.Targets;

/// <summary>
/// What the index has stored: records under a right checksum, and the state of streams and departments. It is read as written or is corruption, by
/// that one exception; what is read, written and read again is the same.
/// </summary>
internal static class RecordTarget
{
    private static readonly SubjectKey Subject = new(0x0123456789abcdef, 0xfedcba9876543210);

    public static bool Accepts(byte[] input)
    {
        byte[] record = [.. input, .. new byte[RecordFormat.ChecksumBytes]];
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(input.Length), RecordFormat.Checksum(Subject, input));
        try
        {
            var entries = Read(record, out var copied, out var added);
            Must.Hold(entries.SequenceEqual(Read(copied, out _, out _)), "a record copied entry by entry is the same");
            Must.Hold(entries.SequenceEqual(Read(added, out _, out _)), "a record written anew is the same");
            return true;
        }
        catch (IndexCorruptionException corruption)
        {
            Must.Refuse(corruption.Message, input);
            return false;
        }
    }

    /// <summary>Whether of a department, then its bytes.</summary>
    public static bool AcceptsState(byte[] input)
    {
        if (input.Length == 0)
            return false;
        try
        {
            if (input[0] == 0)
            {
                var department = DepartmentState.Deserialize(FuzzExchange.Tax, input[1..], [Stream(StreamBytes())]);
                var again = DepartmentState.Deserialize(FuzzExchange.Tax, department.Serialize(), [Stream(StreamBytes())]);
                Must.Hold(again.Quarantine == department.Quarantine, "a department written and read is the same");
                return true;
            }

            var stream = Stream(input[1..]);
            var written = stream.Serialize();
            Must.Hold(Stream(written).Serialize().AsSpan().SequenceEqual(written), "a stream written and read is the same");
            return true;
        }
        catch (IndexCorruptionException corruption)
        {
            Must.Refuse(corruption.Message, input);
            return false;
        }
    }

    public static IEnumerable<(string, byte[])> Seeds()
    {
        var mark = new ErasureMark(FuzzExchange.Noon.Ticks, new SortedDictionary<uint, ulong> { [1] = 300, [70_000] = ulong.MaxValue });
        yield return ("facts-and-links", Write([], null));
        yield return ("with-head", Write(new byte[WrappingKey.WrappedBytes], mark));
        var former = Write([], null);
        yield return ("former-version", [RecordFormat.UnsealedVersion, .. former[2..]]);
        yield return ("of-a-generation", [RecordFormat.Version, RecordFormat.GenerationPart, 1, 0, 0, 0, .. former[2..]]);
        yield return ("nothing", [RecordFormat.Version, 0, 0]);
    }

    public static IEnumerable<(string, byte[])> States()
    {
        yield return ("stream", [1, .. StreamBytes()]);
        var department = new DepartmentState(FuzzExchange.Tax)
        {
            Current = Stream(StreamBytes()),
            Quarantine = new StreamQuarantine(ApplyOutcome.SequenceRewritten, 7, FuzzExchange.Noon),
        };
        yield return ("department", [0, .. department.Serialize()]);
    }

    private static List<string> Read(ReadOnlySpan<byte> record, out byte[] copied, out byte[] added)
    {
        var (copy, addition) = (new RecordWriter(RowKeys.None), new RecordWriter(RowKeys.None));
        var reader = new RecordReader(record, Subject, RowKeys.None);
        copy.Start(reader.Secret, reader.Erasure);
        addition.Start(reader.Secret, reader.Erasure);
        var erasure = reader.Erasure is { } mark ? $"{mark.AtTicks} {string.Join(' ', mark.Through)}" : "none";
        var entries = new List<string> { $"{Convert.ToHexString(reader.Secret)} {erasure}" };
        while (reader.MoveNext())
        {
            entries.Add($"{reader.Key} {reader.Sequence} {reader.AsOfTicks} {reader.Flags} {Convert.ToHexString(reader.Content)}");
            copy.Copy(in reader);
            addition.Add(reader.Key, reader.Sequence, reader.AsOfTicks, reader.Flags, reader.Content);
        }

        (copied, added) = (copy.Finish(Subject).ToArray(), addition.Finish(Subject).ToArray());
        return entries;
    }

    private static byte[] Write(ReadOnlySpan<byte> secret, ErasureMark? mark)
    {
        var writer = new RecordWriter(RowKeys.None);
        writer.Start(secret, mark);
        writer.Add(new EntryKey(false, 0, default, 1), 7, FuzzExchange.Noon.Ticks, EntryFlags.Held | EntryFlags.Sealed, new byte[ValueSeal.OverheadBytes + 3]);
        writer.Add(new EntryKey(false, 300, default, 2), 1UL << 40, 0, EntryFlags.None, [1, 2, 3]);
        writer.Add(new EntryKey(true, 0, new SubjectKey(1, 2), 1), 8, FuzzExchange.Noon.Ticks, EntryFlags.None, default);
        writer.Add(new EntryKey(true, 0, new SubjectKey(1, 3), 1), 9, FuzzExchange.Noon.Ticks, EntryFlags.Tombstone, default);
        return writer.Finish(Subject)[..^RecordFormat.ChecksumBytes].ToArray();
    }

    private static byte[] StreamBytes() =>
        new StreamState(0, FuzzExchange.Tax, 7, new AppliedRanges(10, [new AppliedRange(12, 20, FuzzExchange.Noon, Loading: true)])) { Announced = 30 }.Serialize();

    private static StreamState Stream(byte[] bytes) => StreamState.Deserialize(0, bytes);
}
