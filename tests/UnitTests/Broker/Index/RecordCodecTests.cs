using CsCheck;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Index;

internal sealed class RecordCodecTests
{
    private static readonly SubjectKey Subject = new(0x0123456789abcdef, 0xfedcba9876543210);

    private static readonly Gen<Statement[]> Statements =
        Gen.Select(Gen.Bool, Gen.UInt, Gen.UInt, Gen.ULong, Gen.Long[0, DateTime.MaxValue.Ticks], Gen.Byte[0, 3], Gen.Byte.Array[0, 300])
            .Select((isLink, about, stream, sequence, asOf, flags, content) => new Statement(
                Subject, isLink ? new EntryKey(true, 0, new SubjectKey(about, stream), stream) : new EntryKey(false, about == uint.MaxValue ? 0 : about, default, stream),
                sequence, asOf, (EntryFlags)flags, isLink ? default : content))
            .Array[0, 12]
            .Select(all => all.DistinctBy(s => s.Key).OrderBy(s => s.Key).ToArray());

    private static readonly Statement Fact = new(Subject, new EntryKey(false, 2, default, 1), 300, 0x0102030405060708, EntryFlags.Held, new byte[] { 0xAA, 0xBB });
    private static readonly Statement Link = new(Subject, new EntryKey(true, 0, new SubjectKey(1, 2), 1), 301, 0, EntryFlags.Tombstone, default);
    private const string BodyBytes =
        "03" + "01" + "AC02" + "01" + "0807060504030201" + "02AABB" + "00" + "00000000000000010000000000000002" + "01" + "AD02" + "02" + "0000000000000000";

    [Test]
    public void Record_WrittenAndRead_IsTheSame() => Statements.Sample(statements => Assert.That(Read(Write(statements)), Is.EqualTo(Describe(statements))));

    [Test]
    public void Record_CopiedEntryByEntry_IsTheSameBytes() => Statements.Sample(statements =>
    {
        var record = Write(statements);
        var writer = new RecordWriter(RowKeys.None);
        var reader = new RecordReader(record, Subject, RowKeys.None);
        writer.Start(reader.Secret, reader.Erasure);
        while (reader.MoveNext())
            writer.Copy(in reader);
        return writer.Finish(Subject).SequenceEqual(record);
    });

    [Test]
    public void Record_AnyBitFlippedOrAnyTailCut_IsFound() => Statements.Sample(
        statements =>
        {
            var record = Write(statements);
            for (var bit = 0; bit < record.Length * 8; bit++)
            {
                record[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.That(() => Read(record), Throws.TypeOf<IndexCorruptionException>());
                record[bit / 8] ^= (byte)(1 << (bit % 8));
            }
            for (var length = 1; length < record.Length; length++)
                Assert.That(() => Read(record[..length]), Throws.TypeOf<IndexCorruptionException>());
        },
        iter: 10);

    [Test]
    public void Record_UnderAnotherKey_IsFound()
    {
        var record = Write([]);
        Assert.That(() => Read(record, Subject with { Low = 0 }), Throws.TypeOf<IndexCorruptionException>());
    }

    [Test]
    public void Record_RightChecksumOverGarbage_IsFoundOrReadNeverMore() => Gen.Byte.Array[1, 200].Sample(
        garbage =>
        {
            // As if a later version, or a fault of ours, had written it: the checksum does not protect then, the strict reader does.
            byte[] record = [RecordFormat.Version, .. garbage];
            byte[] sealedRecord = [.. record, .. BitConverter.GetBytes(RecordFormat.Checksum(Subject, record))];
            try
            {
                Read(sealedRecord);
            }
            catch (IndexCorruptionException)
            {
                // The only exception there may be.
            }
        },
        iter: 20_000);

    [Test]
    public void Record_FlagOfALaterVersion_IsRefused()
    {
        var ofLaterVersion = new Statement(Subject, new EntryKey(false, 1, default, 1), 1, 1, (EntryFlags)8, new byte[8]);
        Assert.That(() => Read(Write([ofLaterVersion])), Throws.TypeOf<IndexCorruptionException>().With.Message.Contains("flag"));
    }

    [Test]
    public void Record_EntriesOutOfOrder_IsRefused()
    {
        var second = new Statement(Subject, new EntryKey(false, 2, default, 1), 1, 1, EntryFlags.None, default);
        var first = second with { Key = second.Key with { Attribute = 1 } };
        Assert.That(() => Read(Write([second, first])), Throws.TypeOf<IndexCorruptionException>().With.Message.Contains("order"));
    }

    [Test]
    public void Record_OfOneFactAndOneLink_HasTheBytesOfVersion2()
    {
        // Frozen: an index on a disk outlives the code that wrote it.
        var secret = Enumerable.Range(1, WrappingKey.WrappedBytes).Select(i => (byte)i).ToArray();
        var mark = new ErasureMark(0x1112131415161718, new SortedDictionary<uint, ulong> { [1] = 300 });
        Assert.That(Convert.ToHexString(Write([Fact, Link], secret, mark).AsSpan()[..^RecordFormat.ChecksumBytes]), Is.EqualTo(
            "02" + "03" + Convert.ToHexString(secret) + "1817161514131211" + "0101AC02" + BodyBytes));
        Assert.That(Convert.ToHexString(Write([Fact, Link]).AsSpan()[..^RecordFormat.ChecksumBytes]), Is.EqualTo("0200" + BodyBytes));
    }

    [Test]
    public void Record_OfVersion1_IsRead()
    {
        var record = Convert.FromHexString("01" + BodyBytes);
        byte[] whole = [.. record, .. BitConverter.GetBytes(RecordFormat.Checksum(Subject, record))];
        Assert.That(Read(whole), Is.EqualTo(Describe([Fact, Link])));
        Assert.That(new RecordReader(whole, Subject, RowKeys.None).Secret.IsEmpty);
    }

    [Test]
    public void Record_WithHead_IsReadAsWritten() =>
        Gen.Select(Statements, Gen.Bool, Gen.Bool, Gen.Long[0, DateTime.MaxValue.Ticks], Gen.Select(Gen.UInt, Gen.ULong).Array[0, 5]).Sample(
            (statements, hasSecret, isErased, at, through) =>
            {
                var secret = hasSecret ? Enumerable.Repeat((byte)7, WrappingKey.WrappedBytes).ToArray() : [];
                var mark = isErased ? new ErasureMark(at, new(through.DistinctBy(t => t.Item1).ToDictionary(t => t.Item1, t => t.Item2))) : null;
                var record = Write(statements, secret, mark);
                var reader = new RecordReader(record, Subject, RowKeys.None);
                Assert.That(reader.Secret.ToArray(), Is.EqualTo(secret));
                Assert.That(reader.Erasure?.AtTicks, Is.EqualTo(mark?.AtTicks));
                Assert.That(reader.Erasure?.Through, Is.EqualTo(mark?.Through));
                Assert.That(Read(record), Is.EqualTo(Describe(statements)));
            }, iter: 1_000);

    [Test]
    public void Record_SealedValueShorterThanASeal_IsRefused()
    {
        var cut = new Statement(Subject, new EntryKey(false, 1, default, 1), 1, 1, EntryFlags.Held | EntryFlags.Sealed, new byte[ValueSeal.OverheadBytes - 1]);
        Assert.That(() => Read(Write([cut])), Throws.TypeOf<IndexCorruptionException>().With.Message.Contains("sealed"));
    }

    private static byte[] Write(Statement[] statements, byte[]? secret = null, ErasureMark? erasure = null)
    {
        var writer = new RecordWriter(RowKeys.None);
        writer.Start(secret, erasure);
        foreach (var s in statements)
            writer.Add(s.Key, s.Sequence, s.AsOfTicks, s.Flags, s.Content.Span);
        return writer.Finish(Subject).ToArray();
    }

    private static string[] Read(byte[] record, SubjectKey? subject = null)
    {
        var entries = new List<string>();
        var reader = new RecordReader(record, subject ?? Subject, RowKeys.None);
        while (reader.MoveNext())
            entries.Add($"{reader.Key} {reader.Sequence} {reader.AsOfTicks} {reader.Flags} {Convert.ToHexString(reader.Content)}");
        return [.. entries];
    }

    private static string[] Describe(Statement[] statements) =>
        [.. statements.Select(s => $"{s.Key} {s.Sequence} {s.AsOfTicks} {s.Flags} {Convert.ToHexString(s.Content.Span)}")];
}
