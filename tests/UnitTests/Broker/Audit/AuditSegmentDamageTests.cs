using CsCheck;
using DataExchange.Broker.Audit;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Audit;

/// <summary>Damage in segments that were sealed long ago.</summary>
internal sealed class AuditSegmentDamageTests
{
    private const int Entries = 60;

    private AuditTestLog _test = null!;

    [SetUp]
    public async Task SetUp()
    {
        _test = new AuditTestLog();
        _test.Options.SegmentBytes = 4 << 10;
        await _test.WriteAsync(Entries);
        Assert.That(_test.SegmentPaths, Has.Count.GreaterThanOrEqualTo(3));
    }

    [TearDown]
    public void TearDown() => _test.Dispose();

    [Test]
    public void Open_AnyBitOfASealedSegmentFlipped_StopsNamingIt()
    {
        var sealedSegments = _test.SegmentPaths.SkipLast(1).Select(path => (Path: path, Bytes: File.ReadAllBytes(path))).ToList();
        Gen.Select(Gen.Int[0, sealedSegments.Count - 1], Gen.Int[0, 4 << 10], Gen.Int[0, 7]).Sample((segment, at, bit) =>
        {
            var (path, bytes) = sealedSegments[segment];
            var flipped = (byte[])bytes.Clone();
            flipped[at % bytes.Length] ^= (byte)(1 << bit);
            File.WriteAllBytes(path, flipped);
            try
            {
                Assert.That(_test.Open, Throws.InstanceOf<AuditDamageException>().With.Property(nameof(AuditDamageException.File)).EqualTo(Path.GetFileName(path)));
            }
            finally
            {
                File.WriteAllBytes(path, bytes);
            }
        }, iter: 1_000, threads: 1);
        _test.Open().Dispose();
    }

    [Test]
    public void Open_SegmentInTheMiddleMissing_Stops()
    {
        File.Delete(_test.SegmentPaths[1]);

        Assert.That(_test.Open, Throws.InstanceOf<AuditDamageException>());
    }

    [Test]
    public void Open_SealedSegmentCutAtAFrame_StopsAlsoWithoutReadingIt()
    {
        _test.Options.VerifiedAtStartBytes = 0;
        var bytes = File.ReadAllBytes(_test.SegmentPaths[0]);
        var firstFrame = AuditFormat.FrameLength(bytes.AsSpan(AuditFormat.HeaderBytes));
        File.WriteAllBytes(_test.SegmentPaths[0], bytes[..(AuditFormat.HeaderBytes + firstFrame)]);

        Assert.That(_test.Open, Throws.InstanceOf<AuditDamageException>());
    }

    [Test]
    public void Open_LastSegmentMissing_Stops()
    {
        File.Delete(_test.SegmentPaths[^1]);

        Assert.That(_test.Open, Throws.InstanceOf<AuditDamageException>());
    }

    [Test]
    public void Open_SegmentsOlderThanTheBudget_AreVerifiedWhenRead()
    {
        _test.Options.VerifiedAtStartBytes = 0;
        var bytes = File.ReadAllBytes(_test.SegmentPaths[0]);
        bytes[AuditFormat.HeaderBytes + 20] ^= 1;
        File.WriteAllBytes(_test.SegmentPaths[0], bytes);

        _test.Open().Dispose();

        Assert.That(_test.ReadAll, Throws.InstanceOf<AuditDamageException>().With.Property(nameof(AuditDamageException.Index)).EqualTo(0));
    }

    [Test]
    public async Task Open_UnfinishedSegmentFileOfAKilledProcess_IsRemoved()
    {
        var unfinished = Path.Combine(_test.Folder, SegmentFile.NameOf(Entries) + ".new");
        File.WriteAllBytes(unfinished, [1, 2, 3]);

        var positions = await _test.WriteAsync(1, from: Entries);

        Assert.That(positions[0].Index, Is.EqualTo(Entries));
        Assert.That(File.Exists(unfinished), Is.False);
    }
}
