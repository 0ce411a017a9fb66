using CsCheck;
using DataExchange.Adapter;
using DataExchange.Contracts;
using DataExchange.Testing;
using Microsoft.Data.Sqlite;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

[TestFixture]
internal sealed class OutboxTests
{
    private TempFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TempFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public void Append_AnyBatchesOverAnyReopens_ReadsTheSameBytesInContiguousSequence() =>
        Gen.Int[1, 5].Array[1, 4].Array[1, 4].Sample(
            sessions =>
            {
                using var folder = new TempFolder();
                var appended = new List<OutboxBatch>();
                foreach (var transactions in sessions)
                {
                    using var outbox = Open(folder["outbox.db"]);
                    var batches = new List<OutboxBatch>();
                    foreach (var count in transactions)
                        batches.Add(Sample.Batch(outbox, (batches.Count > 0 ? batches[^1].LastSequence : outbox.LastSequence) + 1, count));
                    outbox.Append(batches, $"{batches[^1].LastSequence}");
                    appended.AddRange(batches);
                }

                using var reopened = Open(folder["outbox.db"]);
                var read = Sample.All(reopened);
                return reopened.LastSequence == appended[^1].LastSequence
                    && reopened.SourceCheckpoint == $"{appended[^1].LastSequence}"
                    && reopened.Bytes == appended.Sum(b => (long)b.Payload.Length)
                    && read.Count == appended.Count
                    && read.Zip(appended).All(pair => pair.First.FirstSequence == pair.Second.FirstSequence
                        && pair.First.LastSequence == pair.Second.LastSequence && pair.First.Payload.AsSpan().SequenceEqual(pair.Second.Payload));
            },
            iter: 20);

    [TestCase(true)]
    [TestCase(false)]
    public void Open_Again_KnowsWhetherTheFirstLoadIsComplete(bool ended)
    {
        using (var outbox = Open(_folder["outbox.db"]))
        {
            Sample.Fill(outbox, 3);
            if (ended)
                outbox.EndLoad();
        }

        using var reopened = Open(_folder["outbox.db"]);
        Assert.That(reopened.Loaded, Is.EqualTo(ended));
    }

    [Test]
    public void Open_FileFromBeforeLoadsWereMarked_IsKeptAndNotTakenForComplete()
    {
        using (var outbox = Open(_folder["outbox.db"]))
            Sample.Fill(outbox, 3);
        Execute("ALTER TABLE state DROP COLUMN loaded; PRAGMA user_version = 1");

        using var reopened = Open(_folder["outbox.db"]);
        Assert.That((reopened.LastSequence, reopened.Loaded), Is.EqualTo((3UL, false)));
        reopened.EndLoad();
        Assert.That(reopened.Loaded);
    }

    [Test]
    public void Open_LogCutAtAnyByte_HoldsAPrefixWithItsOwnCheckpoint()
    {
        // What a power cut leaves: the file as it was, and some of the write-ahead log.
        using var outbox = OpenOffering();
        Sample.Fill(outbox, 3, 1, 4, 2, 5, 1);
        var written = Sample.All(outbox).ToDictionary(b => b.FirstSequence, b => b.Payload);
        var logBytes = new FileInfo(_folder["outbox.db-wal"]).Length;

        Gen.Long[0, logBytes].Sample(
            cut =>
            {
                using var crashed = new TempFolder();
                CopyShared(_folder["outbox.db"], crashed["outbox.db"]);
                CopyShared(_folder["outbox.db-wal"], crashed["outbox.db-wal"], cut);
                using var reopened = Open(crashed["outbox.db"]);
                var rows = reopened.LastSequence == 0 ? [] : Sample.All(reopened);
                var last = rows.Count == 0 ? 0 : rows[^1].LastSequence;
                return reopened.LastSequence == last
                    && reopened.SourceCheckpoint == (last == 0 ? null : $"{last}")
                    && rows.All(row => row.Payload.AsSpan().SequenceEqual(written[row.FirstSequence]));
            },
            iter: 60);
    }

    [Test]
    public void Append_ReturnedBeforeTheProcessDied_IsThere()
    {
        using var outbox = Open(_folder["outbox.db"]);
        Sample.Fill(outbox, 10, 20);
        using var crashed = new TempFolder();
        CopyShared(_folder["outbox.db"], crashed["outbox.db"]);
        CopyShared(_folder["outbox.db-wal"], crashed["outbox.db-wal"]);

        using var reopened = Open(crashed["outbox.db"]);

        Assert.That(reopened.LastSequence, Is.EqualTo(30UL));
        Assert.That(reopened.SourceCheckpoint, Is.EqualTo("30"));
        Assert.That(reopened.Epoch, Is.EqualTo(outbox.Epoch));
    }

    [TestCase(1UL)]
    [TestCase(4UL)]
    [TestCase(6UL)]
    public void Append_NotRightBehindTheLast_ThrowsAndStoresNothing(ulong first)
    {
        using var outbox = Open(_folder["outbox.db"]);
        Sample.Fill(outbox, 3);

        Assert.That(() => outbox.Append([Sample.Batch(outbox, 4, 1), Sample.Batch(outbox, first, 1)], "x"), Throws.InvalidOperationException);
        Assert.That((outbox.LastSequence, outbox.SourceCheckpoint), Is.EqualTo((3UL, "3")));
    }

    [Test]
    public void Open_NewFile_MakesItsOwnEpoch()
    {
        using var one = Open(_folder["one.db"]);
        using var two = Open(_folder["two.db"]);

        Assert.That(one.Epoch.Length, Is.EqualTo(WireLimits.EpochBytes));
        Assert.That(one.Epoch, Is.Not.EqualTo(two.Epoch));
    }

    [Test]
    public void Open_WhileOpen_IsRefused()
    {
        using var outbox = Open(_folder["outbox.db"]);

        Assert.That(() => Open(_folder["outbox.db"]), Throws.InstanceOf<IOException>());
    }

    [Test]
    public void Open_OfAnotherDepartment_IsRefused()
    {
        Open(_folder["outbox.db"]).Dispose();

        Assert.That(() => Outbox.Open(_folder["outbox.db"], DepartmentId.Parse("health")), Throws.InstanceOf<OutboxDamagedException>());
    }

    [Test]
    public void Bind_AnotherLocatorKey_IsRefused()
    {
        using (var outbox = Open(_folder["outbox.db"]))
            outbox.Bind(Sample.Key(1).Check.Span);
        using var reopened = Open(_folder["outbox.db"]);

        Assert.That(() => reopened.Bind(Sample.Key(1).Check.Span), Throws.Nothing);
        Assert.That(() => reopened.Bind(Sample.Key(2).Check.Span), Throws.InstanceOf<OutboxDamagedException>());
    }

    [TestCase("DELETE FROM batch WHERE first_sequence = 3")]
    [TestCase("DELETE FROM batch WHERE first_sequence = 5")]
    [TestCase("UPDATE batch SET last_sequence = 3 WHERE first_sequence = 3")]
    [TestCase("UPDATE state SET last_sequence = 4")]
    [TestCase("PRAGMA user_version = 3")]
    public void Open_NotOneContiguousStream_IsRefused(string damage)
    {
        using (var outbox = Open(_folder["outbox.db"]))
            Sample.Fill(outbox, 2, 2, 2);
        Execute(damage);

        Assert.That(() => Open(_folder["outbox.db"]), Throws.InstanceOf<OutboxDamagedException>());
    }

    [Test]
    public void Read_PayloadChangedOnDisk_Throws()
    {
        using (var outbox = Open(_folder["outbox.db"]))
            Sample.Fill(outbox, 2, 2);
        Execute("UPDATE batch SET payload = zeroblob(length(payload)) WHERE first_sequence = 3");

        using var reopened = Open(_folder["outbox.db"]);

        Assert.That(reopened.Read(1, 1), Has.Count.EqualTo(1));
        Assert.That(() => reopened.Read(1, 2), Throws.InstanceOf<OutboxDamagedException>());
    }

    [Test]
    public void Read_FromTheMiddleOfABatch_BeginsWithThatBatch()
    {
        using var outbox = OpenOffering();
        Sample.Fill(outbox, 3, 3, 3);

        Assert.That(outbox.Read(5, 10).Select(b => b.FirstSequence), Is.EqualTo(new[] { 4UL, 7UL }));
        Assert.That(outbox.Read(4, 1).Select(b => b.FirstSequence), Is.EqualTo(new[] { 4UL }));
        Assert.That(outbox.Read(10, 10), Is.Empty);
    }

    [Test]
    public void Read_BeforeTheHubIsCompared_ShowsNothingAppendedSinceOpening()
    {
        using (var earlier = Open(_folder["outbox.db"]))
            Sample.Fill(earlier, 2);
        using var outbox = Open(_folder["outbox.db"]);
        Sample.Fill(outbox, 2);

        Assert.That(outbox.OfferedSequence, Is.EqualTo(2UL));
        Assert.That(outbox.Read(1, 10), Has.Count.EqualTo(1));
        outbox.OfferEverything();
        Assert.That(outbox.Read(1, 10), Has.Count.EqualTo(2));
    }

    [TestCase(0UL, 0, 1UL)]
    [TestCase(2UL, 0, 1UL)]
    [TestCase(3UL, 0, 4UL)]
    [TestCase(8UL, 0, 7UL)]
    [TestCase(9UL, 0, 10UL)]
    [TestCase(9UL, 1, 7UL)]
    [TestCase(9UL, 2, 4UL)]
    [TestCase(6UL, 9, 1UL)]
    public void Trim_AtAWatermark_KeepsWhatIsAboveItAndTheTail(ulong watermark, int tail, ulong first)
    {
        using var outbox = OpenOffering();
        Sample.Fill(outbox, 3, 3, 3);

        outbox.Trim(9, watermark, tail);

        Assert.That(outbox.FirstSequence, Is.EqualTo(first));
        Assert.That(Sample.All(outbox).Select(b => b.FirstSequence), Is.EqualTo(new[] { 1UL, 4UL, 7UL }.Where(f => f >= first)));
        Assert.That(outbox.Bytes, Is.EqualTo(Sample.All(outbox).Sum(b => (long)b.Payload.Length)));
        Assert.That((outbox.LastSequence, outbox.RelayCheckpoint, outbox.HubWatermark), Is.EqualTo((9UL, 9UL, watermark)));
    }

    [Test]
    public void Trim_Everything_TheSequenceGoesOnAfterReopening()
    {
        using (var outbox = Open(_folder["outbox.db"]))
        {
            Sample.Fill(outbox, 3, 3);
            outbox.Trim(6, 6, 0);
        }

        using var reopened = Open(_folder["outbox.db"]);
        Sample.Fill(reopened, 1);

        Assert.That((reopened.FirstSequence, reopened.LastSequence, reopened.HubWatermark), Is.EqualTo((7UL, 7UL, 6UL)));
    }

    private static Outbox Open(string path) => Outbox.Open(path, Sample.Department);

    private static void CopyShared(string from, string to, long bytes = long.MaxValue)
    {
        using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var target = new FileStream(to, FileMode.CreateNew);
        source.CopyTo(target);
        target.SetLength(Math.Min(bytes, target.Length));
    }

    private Outbox OpenOffering()
    {
        var outbox = Open(_folder["outbox.db"]);
        outbox.OfferEverything();
        return outbox;
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder["outbox.db"]};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
