using System.Security.Cryptography;
using DataExchange.Broker.Audit;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Google.Protobuf;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Audit;

internal sealed class AuditLogTests
{
    private AuditTestLog _test = null!;

    [SetUp]
    public void SetUp() => _test = new AuditTestLog();

    [TearDown]
    public void TearDown() => _test.Dispose();

    [Test]
    public async Task Append_OneEntry_PositionNamesLogIndexAndLeafHashOfTheEntry()
    {
        using var log = _test.Open();
        var entry = AuditTestLog.Entry(1);

        var outcome = await log.AppendAsync(entry, CancellationToken.None);

        Assert.That(outcome.Error, Is.Null);
        Assert.That(outcome.Value.Index, Is.Zero);
        Assert.That(outcome.Value.LogId, Is.EqualTo(log.LogId).And.Match("^[0-9a-f]{32}$"));
        Assert.That(outcome.Value.LeafHash, Is.EqualTo(SHA256.HashData([0, .. entry.ToByteArray()])));
    }

    [Test]
    public async Task Append_CompletedEntry_IsInTheFileAndUnderTheMark()
    {
        using var log = _test.Open();
        var entry = AuditTestLog.Entry(1);

        await log.AppendAsync(entry, CancellationToken.None);

        var reader = new AuditReader(_test.Folder);
        Assert.That(reader.Count, Is.EqualTo(1));
        Assert.That(reader[0], Is.EqualTo(entry));
        Assert.That(() => reader[1], Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task Append_List_GetsSuccessiveIndexesInOrder()
    {
        using var log = _test.Open();
        await log.AppendAsync(AuditTestLog.Entry(0), CancellationToken.None);
        var entries = Enumerable.Range(1, 100).Select(AuditTestLog.Entry).ToList();

        var outcomes = await log.AppendAsync(entries, CancellationToken.None);

        Assert.That(outcomes.Error, Is.Null);
        Assert.That(outcomes.Values.Select(position => position.Index), Is.EqualTo(Enumerable.Range(1, 100)));
        Assert.That(_test.ReadAll().Skip(1), Is.EqualTo(entries.Select(entry => entry.ToByteArray())));
    }

    [Test]
    public async Task Append_List_IsMeasuredAsOneGroup()
    {
        using var entries = new MetricCollector<int>(ExchangeDiagnostics.Meter, AuditMetrics.Entries);
        using var log = _test.Open();

        await log.AppendAsync([AuditTestLog.Entry(1), AuditTestLog.Entry(2)], CancellationToken.None);

        Assert.That(entries.GetMeasurementSnapshot().Select(measurement => measurement.Value), Is.EqualTo([2]));
    }

    [Test]
    public async Task Append_FromManyCallers_EveryEntryStandsOnceWhereItsPositionSays()
    {
        List<(Wire.AuditEntry Entry, AuditPosition Position)> written;
        using (var log = _test.Open())
        {
            var callers = Enumerable.Range(0, 64).Select(caller => Task.Run(async () =>
            {
                var own = new List<(Wire.AuditEntry, AuditPosition)>();
                for (var number = 0; number < 50; number++)
                {
                    var entry = AuditTestLog.Entry((caller * 1000) + number);
                    own.Add((entry, (await log.AppendAsync(entry, CancellationToken.None)).Value));
                }

                return own;
            }));
            written = [.. (await Task.WhenAll(callers)).SelectMany(own => own)];
        }

        var entries = _test.ReadAll();
        Assert.That(entries, Has.Count.EqualTo(64 * 50));
        foreach (var (entry, position) in written)
            Assert.That(entries[(int)position.Index], Is.EqualTo(entry.ToByteArray()));
    }

    [Test]
    public async Task Open_Again_ContinuesTheSameLog()
    {
        var before = await _test.WriteAsync(5);
        var after = await _test.WriteAsync(3, from: 5);

        Assert.That(after[0].Index, Is.EqualTo(5));
        Assert.That(after[0].LogId, Is.EqualTo(before[0].LogId));
        Assert.That(_test.ReadAll(), Has.Count.EqualTo(8));
        Assert.That(_test.Logger.Collector.GetSnapshot().Select(record => record.Level), Is.All.EqualTo(LogLevel.Information));
    }

    [Test]
    public async Task Append_OverSegmentSize_BeginsNewSegmentsAndLosesNothing()
    {
        _test.Options.SegmentBytes = 4 << 10;

        var positions = await _test.WriteAsync(100);
        positions.AddRange(await _test.WriteAsync(100, from: 100));

        Assert.That(_test.SegmentPaths, Has.Count.GreaterThan(5));
        Assert.That(positions.Select(position => position.Index), Is.EqualTo(Enumerable.Range(0, 200)));
        Assert.That(_test.ReadAll().Select(entry => SHA256.HashData([0, .. entry])), Is.EqualTo(positions.Select(position => position.LeafHash)));
        Assert.That(new AuditReader(_test.Folder)[123].RequestId, Is.EqualTo("request-123"));
    }

    [Test]
    public void Open_WhileAnotherHasIt_IsRefused()
    {
        using var log = _test.Open();

        Assert.That(_test.Open, Throws.InstanceOf<IOException>());
    }

    [Test]
    public void Append_EntryOverTheLimit_IsABug()
    {
        using var log = _test.Open();
        var entry = new Wire.AuditEntry { CaseId = new string('x', AuditFormat.EntryBytesMax) };

        Assert.That(async () => await log.AppendAsync(entry, CancellationToken.None), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public async Task Append_AfterDispose_IsRefusedAsUnavailable()
    {
        var log = _test.Open();
        log.Dispose();

        var outcome = await log.AppendAsync(AuditTestLog.Entry(1), CancellationToken.None);

        Assert.That(outcome.Error?.Reason, Is.EqualTo(ErrorReasons.AuditUnavailable));
    }

    [Test]
    public async Task Entry_BytesInTheSegment_AreThoseOfAnEntryBundleBehindAChecksum()
    {
        await _test.WriteAsync(3);
        var expected = _test.ReadAll();

        var frames = File.ReadAllBytes(_test.SegmentPaths[0]).AsSpan(AuditFormat.HeaderBytes);
        var bundle = new List<byte>();
        while (frames.Length > 0)
        {
            var length = (frames[4] << 8) | frames[5];
            bundle.AddRange(frames[4..(6 + length)]);
            frames = frames[(6 + length)..];
        }

        Assert.That(bundle, Is.EqualTo(expected.SelectMany(entry => (byte[])[(byte)(entry.Length >> 8), (byte)entry.Length, .. entry])));
    }

    [Test]
    public void Checksum_OfThePublishedVector_IsTheCastagnoliOne() =>
        Assert.That(Crc32C.Of("123456789"u8), Is.EqualTo(0xE3069283));
}
