using CsCheck;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Index;

/// <summary>Random histories of two providers with two epochs each, in any order, cut anyhow, any part twice: against a dictionary.</summary>
internal sealed class RecordMergeTests
{
    private static readonly SubjectKey Subject = new(5, 5);

    // Of the four streams two are current, so that what counts differs from what stands.
    private static readonly StreamTable Streams = StreamTable.Empty
        .Add(TestIndex.Civil, 1).Add(TestIndex.Civil, 2).Add(TestIndex.Tax, 1).Add(TestIndex.Tax, 2).MakeCurrent(1).MakeCurrent(2);

    private static readonly AttributeTable Attributes = new([TestIndex.Name, TestIndex.Marital, TestIndex.Income]);
    private static readonly TempFolder Folder = new();
    private static readonly WrappingKeys Keys = WrappingKeys.LoadOrCreate(new NumberedKeyFiles(Folder.Path, WrappingKeys.Prefix), mayCreate: true);

    /// <summary>With a secret and nothing else, so that two orders have the same one.</summary>
    private static readonly byte[] Empty = MakeEmpty();

    /// <summary>Within a stream each sequence is one statement, as batches guarantee.</summary>
    private static readonly Gen<Statement[]> History =
        Gen.Select(Gen.Bool, Gen.UInt[0, 2], Gen.UInt[0, 3], Gen.ULong[1, 20], Gen.Byte[0, 3], Gen.Byte.Array[0, 3])
            .Select((isLink, about, stream, sequence, flags, content) => new Statement(
                Subject, isLink ? new EntryKey(true, 0, new SubjectKey(about * 4, 0), stream) : new EntryKey(false, about, default, stream),
                sequence, (long)sequence, (EntryFlags)flags, isLink ? default : content))
            .Array[0, 25]
            .Select(all => all.DistinctBy(s => (s.Key.Stream, s.Sequence)).ToArray());

    [OneTimeTearDown]
    public void Close() => Folder.Dispose();

    [Test]
    public void Merge_AnyOrderAndDuplication_StandsAsTheModelSays() =>
        Gen.Select(History, Gen.Int[0, int.MaxValue]).Sample((history, seed) =>
        {
            var model = history.GroupBy(s => s.Key).ToDictionary(g => g.Key, g => g.MaxBy(s => s.Sequence));
            var (record, counted) = Deliver(history, new Random(seed));
            Assert.That(Read(record), Is.EqualTo(model.OrderBy(pair => pair.Key).Select(pair => Describe(pair.Value))));
            Assert.That(counted, Is.EqualTo(Count(model.Values)));
            Assert.That(counted, Is.EqualTo(IndexStatistics.Of(record, Subject, RowKeys.None, Streams)));
        }, iter: 5_000);

    [Test]
    public void Merge_TwoOrders_GiveTheSameBytes() =>
        Gen.Select(History, Gen.Int[0, int.MaxValue], Gen.Int[0, int.MaxValue]).Sample((history, one, other) =>
            Deliver(history, new Random(one)).Record.AsSpan().SequenceEqual(Deliver(history, new Random(other)).Record), iter: 20_000);

    [Test]
    public void Merge_OlderRevision_ChangesNothing()
    {
        var newer = new Statement(Subject, new EntryKey(false, 1, default, 1), 7, 7, EntryFlags.Tombstone, default);
        var record = Merge([], [newer], out _, out _);
        var again = Merge(record, [newer with { Sequence = 6, Flags = EntryFlags.Held }], out var gained, out var changed);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(changed, Is.False);
            Assert.That(gained, Is.EqualTo(default(IndexStatistics)));
            Assert.That(again, Is.EqualTo(record));
        }
    }

    [Test]
    public void Merge_DamagedRecord_IsNeverWrittenOver()
    {
        var statement = new Statement(Subject, new EntryKey(false, 1, default, 1), 7, 7, EntryFlags.Held, default);
        var record = Merge([], [statement], out _, out _);
        record[^9] ^= 1;
        Assert.That(() => Merge(record, [statement with { Sequence = 8 }], out _, out _), Throws.TypeOf<IndexCorruptionException>());
    }

    [Test]
    public void Merge_ErasedSubject_TakesOnlyWhatIsNewerByClockAndBySequence() =>
        Gen.Select(History, Gen.ULong[0, 20], Gen.Long[0, 20], Gen.Int[0, int.MaxValue]).Sample((history, through, at, seed) =>
        {
            var writer = new RecordWriter(RowKeys.None);
            writer.Start(default, new ErasureMark(at, new SortedDictionary<uint, ulong> { [1] = through }));
            var erased = writer.Finish(Subject).ToArray();
            var packed = history.Select(s => s with { PackedAtTicks = (long)s.Sequence }).ToArray();
            var model = packed.Where(s => s.PackedAtTicks > at && (s.Key.Stream != 1 || s.Sequence > through))
                .GroupBy(s => s.Key).Select(g => g.MaxBy(s => s.Sequence)).OrderBy(s => s.Key).Select(Describe);

            var record = erased;
            new Random(seed).Shuffle(packed);
            foreach (var statement in packed)
                record = Merge(record, [statement], out _, out _);
            Assert.That(Read(record), Is.EqualTo(model));
            Assert.That(new RecordReader(record, Subject, RowKeys.None).Erasure!.AtTicks, Is.EqualTo(at), "the mark stays");
        }, iter: 2_000);

    /// <summary>Shuffled, with repetitions, cut into pieces that are merged one after the other.</summary>
    private static (byte[] Record, IndexStatistics Counted) Deliver(Statement[] history, Random random)
    {
        Statement[] deliveries = [.. history, .. history.Where(_ => random.Next(3) == 0)];
        random.Shuffle(deliveries);
        var (record, counted) = (Empty, default(IndexStatistics));
        for (var rest = deliveries.AsSpan(); !rest.IsEmpty;)
        {
            var piece = rest[..random.Next(1, rest.Length + 1)];
            record = Merge(record, [.. piece.ToArray().OrderBy(s => s.Key).ThenByDescending(s => s.Sequence)], out var gained, out _);
            counted += gained;
            rest = rest[piece.Length..];
        }
        return (record, counted);
    }

    private static byte[] Merge(byte[] record, Statement[] statements, out IndexStatistics gained, out bool changed)
    {
        var writer = new RecordWriter(RowKeys.None);
        var sealer = new RecordSealer(Keys, Attributes);
        gained = RecordMerge.Merge(record, Subject, statements, Streams, sealer, writer, out changed);
        return changed ? writer.Finish(Subject).ToArray() : record;
    }

    private static byte[] MakeEmpty()
    {
        var writer = new RecordWriter(RowKeys.None);
        var sealer = new RecordSealer(Keys, Attributes);
        RecordMerge.Merge([], Subject, [], Streams, sealer, writer, out _);
        return writer.Finish(Subject).ToArray();
    }

    private static IndexStatistics Count(IEnumerable<Statement> standing)
    {
        var live = standing.Where(s => s.Key.Stream is 1 or 2 && !s.Flags.HasFlag(EntryFlags.Tombstone)).ToArray();
        return new IndexStatistics(live.Length > 0 ? 1 : 0, live.Count(s => !s.Key.IsLink), live.Count(s => s.Key.IsLink && s.Key.Other.High > Subject.High));
    }

    private static List<string> Read(byte[] record)
    {
        var entries = new List<string>();
        var reader = new RecordReader(record, Subject, RowKeys.None);
        var opener = new RecordOpener(Keys, Subject, reader.Secret);
        while (reader.MoveNext())
        {
            Assert.That(reader.Flags.HasFlag(EntryFlags.Sealed), Is.EqualTo(!reader.Key.IsLink && reader.Flags.HasFlag(EntryFlags.Held)), "held values are sealed, nothing else is");
            entries.Add($"{reader.Key} {reader.Sequence} {reader.Flags & ~EntryFlags.Sealed} {Convert.ToHexString(opener.Open(in reader, Attributes, Streams))}");
        }
        return entries;
    }

    private static string Describe(Statement s) => $"{s.Key} {s.Sequence} {s.Flags} {Convert.ToHexString(s.Content.Span)}";
}
