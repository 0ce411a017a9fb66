using DataExchange.Broker.Audit;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Audit;

/// <summary>Fault rows F19 and A12: what is not as written is found at start, or it was never acknowledged.</summary>
internal sealed class AuditDamageTests
{
    private const int Entries = 20;
    private const int Damaged = 3;

    private AuditTestLog _test = null!;
    private List<byte[]> _entries = null!;
    private byte[] _bytes = null!;
    private int _start;

    [SetUp]
    public async Task SetUp()
    {
        _test = new AuditTestLog();
        await _test.WriteAsync(Entries);
        _entries = _test.ReadAll();
        _bytes = File.ReadAllBytes(_test.SegmentPaths[0]);
        _start = _bytes.Length - _entries.TakeLast(Damaged).Sum(entry => AuditFormat.FrameOverheadBytes + entry.Length);
    }

    [TearDown]
    public void TearDown() => _test.Dispose();

    [Test]
    public void Open_AnyByteOfAcknowledgedEntriesFlipped_StopsNamingSegmentOffsetAndEntry()
    {
        for (var at = _start; at < _bytes.Length; at++)
        {
            Flip(at);
            var (index, offset) = FrameAt(at);

            var damage = Assert.Throws<AuditDamageException>(() => _test.Open())!;

            Assert.That((damage.File, damage.Index, damage.Offset), Is.EqualTo(("00000000000000000000.seg", index, offset)), $"byte {at}");
        }
    }

    [Test]
    public void Open_AcknowledgedEntriesCutAtAnyByte_Stops()
    {
        for (var at = _start; at < _bytes.Length; at++)
        {
            Cut(at);

            var damage = Assert.Throws<AuditDamageException>(() => _test.Open())!;

            Assert.That(damage.Index, Is.EqualTo(FrameAt(at).Index), $"byte {at}");
        }
    }

    [Test]
    public void Open_AnyByteOfUnacknowledgedEntriesFlipped_CutsFromThereAndKeepsAllBefore()
    {
        for (var at = _start; at < _bytes.Length; at++)
        {
            Flip(at);
            AssertKeptUpTo(FrameAt(at).Index, at);
        }
    }

    [Test]
    public void Open_UnacknowledgedEntriesCutAtAnyByte_KeepsAllWholeOnes()
    {
        for (var at = _start; at < _bytes.Length; at++)
        {
            Cut(at);
            AssertKeptUpTo(FrameAt(at).Index, at);
        }
    }

    [Test]
    public async Task Open_TornTailCut_IsReportedAndAppendsGoOnBehindTheLastWholeEntry()
    {
        Cut(_bytes.Length - 1);
        _test.SetMark(Entries - Damaged);

        var positions = await _test.WriteAsync(1, from: 100);

        Assert.That(positions[0].Index, Is.EqualTo(Entries - 1));
        Assert.That(_test.ReadAll()[..^1], Is.EqualTo(_entries[..^1]));
        Assert.That(_test.Logger.Collector.GetSnapshot().Single(log => log.Level == LogLevel.Warning).Id.Name, Is.EqualTo("AuditTornTailCut"));
    }

    [Test]
    public void Open_TornTailAndNoMark_StopsSinceItMayHaveBeenAcknowledged()
    {
        Cut(_bytes.Length - 1);
        File.Delete(_test.MarkPath);

        Assert.That(_test.Open, Throws.InstanceOf<AuditDamageException>());
    }

    [Test]
    public void Open_MarkDamagedAtAnyByteAndLogWhole_IsMended()
    {
        var mark = File.ReadAllBytes(_test.MarkPath);
        for (var at = 0; at < mark.Length; at++)
        {
            var flipped = (byte[])mark.Clone();
            flipped[at] ^= 1;
            File.WriteAllBytes(_test.MarkPath, flipped);

            _test.Open().Dispose();

            Assert.That(File.ReadAllBytes(_test.MarkPath), Is.EqualTo(mark), $"byte {at}");
        }
    }

    [Test]
    public void Open_MoreBehindATornFrameThanOneWriteLeaves_Stops()
    {
        File.WriteAllBytes(_test.SegmentPaths[0], [.. _bytes, .. new byte[AuditLog.CommitBytesMax + 1]]);

        Assert.That(_test.Open, Throws.InstanceOf<AuditDamageException>());
    }

    [Test]
    public void Open_AllSegmentsGone_StopsInsteadOfBeginningAnew()
    {
        File.Delete(_test.SegmentPaths[0]);

        Assert.That(_test.Open, Throws.InstanceOf<AuditDamageException>());
    }

    [Test]
    public void Open_EntryMovedToAnotherIndex_Stops()
    {
        var frame = AuditFormat.FrameOverheadBytes + _entries[0].Length;
        var head = _bytes[..AuditFormat.HeaderBytes];
        // The second entry, whole, in the place of the first.
        File.WriteAllBytes(_test.SegmentPaths[0], [.. head, .. _bytes[(AuditFormat.HeaderBytes + frame)..]]);

        Assert.That(_test.Open, Throws.InstanceOf<AuditDamageException>().With.Property(nameof(AuditDamageException.Index)).EqualTo(0));
    }

    [Test]
    public async Task Open_FramesOfAnotherLog_AreNotTakenForThisOnes()
    {
        using var other = new AuditTestLog();
        await other.WriteAsync(Entries + 1);
        // What the other log holds at the next index would fit here, but for the log id.
        var foreign = File.ReadAllBytes(other.SegmentPaths[0])[_bytes.Length..];
        File.WriteAllBytes(_test.SegmentPaths[0], [.. _bytes, .. foreign]);

        using var log = _test.Open();

        Assert.That(log.Count, Is.EqualTo(Entries));
    }

    private void Flip(int at)
    {
        var flipped = (byte[])_bytes.Clone();
        flipped[at] ^= (byte)(1 << (at % 8));
        File.WriteAllBytes(_test.SegmentPaths[0], flipped);
    }

    private void Cut(int at) => File.WriteAllBytes(_test.SegmentPaths[0], _bytes[..at]);

    private void AssertKeptUpTo(ulong index, int at)
    {
        _test.SetMark(Entries - Damaged);
        using (var log = _test.Open())
            Assert.That(log.Count, Is.EqualTo(index), $"byte {at}");
        Assert.That(_test.ReadAll(), Is.EqualTo(_entries[..(int)index]), $"byte {at}");
    }

    private (ulong Index, long Offset) FrameAt(int at)
    {
        long offset = AuditFormat.HeaderBytes;
        for (var index = 0; ; index++)
        {
            var next = offset + AuditFormat.FrameOverheadBytes + _entries[index].Length;
            if (at < next)
                return ((ulong)index, offset);
            offset = next;
        }
    }
}
