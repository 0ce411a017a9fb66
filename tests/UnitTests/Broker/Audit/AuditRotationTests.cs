using DataExchange.Broker.Audit;
using DataExchange.Contracts;
using DataExchange.Testing;
using DataExchange.UnitTests.Probes;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Audit;

/// <summary>One log after the other in one folder: nothing is lost, and nothing is in the wrong one.</summary>
internal sealed class AuditRotationTests
{
    private AuditTestLog _test = null!;

    [SetUp]
    public void SetUp() => _test = new AuditTestLog();

    [TearDown]
    public void TearDown() => _test.Dispose();

    [Test]
    public async Task Rotate_ThenAppend_TheNextLogBeginsWithTheEntryGiven()
    {
        await _test.WriteAsync(3);
        using var log = _test.Open();
        var first = log.LogId;

        await AuditTestLog.RotateAsync(log);
        var outcome = await log.AppendAsync(AuditTestLog.Entry(3), CancellationToken.None);

        Assert.That((outcome.Value.LogId, outcome.Value.Index), Is.EqualTo((log.LogId, 1UL)));
        Assert.That((UInt128.Parse(log.LogId, System.Globalization.NumberStyles.HexNumber, null), log.CountOf(first)), Is.EqualTo((UInt128.Parse(first, System.Globalization.NumberStyles.HexNumber, null) + 1, (ulong?)null)));
        var logs = AuditReader.OfAll(_test.Folder);
        Assert.That(logs.Select(known => (known.LogId, known.Count)), Is.EqualTo(new[] { (first, 3UL), (log.LogId, 2UL) }));
        Assert.That((logs[1][0].Predecessor.Origin, logs[1][0].Predecessor.Size), Is.EqualTo((first, 3UL)));
        Assert.That(logs[1][1].RequestId, Is.EqualTo("request-3"));
    }

    [Test]
    public async Task Rotate_AppendsAtTheSameTime_EachStandsWhereItsReceiptSays()
    {
        using var log = _test.Open();
        var receipts = new System.Collections.Concurrent.ConcurrentDictionary<int, AuditPosition>();
        var number = 0;
        var callers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            while (Volatile.Read(ref number) < 4_000)
            {
                var mine = Interlocked.Increment(ref number);
                var outcome = await log.AppendAsync(AuditTestLog.Entry(mine), CancellationToken.None);
                Assert.That(outcome.Error, Is.Null);
                receipts[mine] = outcome.Value;
            }
        })).ToList();
        for (var rotations = 0; rotations < 10; rotations++)
        {
            var wanted = (rotations + 1) * 300;
            await Eventually.Async("some appends", () => Volatile.Read(ref number) > wanted);
            await AuditTestLog.RotateAsync(log);
        }

        await Task.WhenAll(callers);

        var entries = AuditReader.OfAll(_test.Folder).SelectMany(known => known.Read().Select((bytes, at) => (known.LogId, (ulong)at, Wire.AuditEntry.Parser.ParseFrom(bytes.Span).RequestId)))
            .ToDictionary(entry => (entry.LogId, entry.Item2), entry => entry.RequestId);
        Assert.That(entries, Has.Count.EqualTo(receipts.Count + 10));
        foreach (var (mine, receipt) in receipts)
            Assert.That(entries[(receipt.LogId, receipt.Index)], Is.EqualTo($"request-{mine}"));
    }

    [Test]
    public async Task Rotate_PutOff_GoesOnWithTheSameLog()
    {
        using var log = _test.Open();
        var logId = log.LogId;

        Assert.That(await log.RotateAsync(_ => Task.FromResult<byte[]?>(null)), Is.False);
        Assert.That(() => log.RotateAsync(_ => throw new IOException("no room for the last tile")), Throws.TypeOf<IOException>());

        Assert.That((await log.AppendAsync(AuditTestLog.Entry(0), CancellationToken.None)).Value.LogId, Is.EqualTo(logId));
    }

    [Test]
    public async Task Rotate_DiskFull_NothingIsAcknowledgedAfterwardsAndARestartHasAll()
    {
        using var disk = new SmallDisk(megabytes: 16);
        _test.Options.Folder = disk["audit"];
        using (var log = _test.Open())
        {
            await log.AppendAsync(AuditTestLog.Entry(0), CancellationToken.None);
            using (var filler = File.Create(disk["filler"]))
            {
                var block = new byte[4096];
                try
                {
                    while (true)
                        filler.Write(block);
                }
                catch (IOException)
                {
                }
            }

            Assert.That(await log.RotateAsync(_ => Task.FromResult<byte[]?>(new byte[60_000])), Is.False);
            Assert.That((await log.AppendAsync(AuditTestLog.Entry(1), CancellationToken.None)).Error?.Reason, Is.EqualTo(ErrorReasons.AuditUnavailable));
        }

        File.Delete(disk["filler"]);
        using var again = _test.Open();
        await AuditTestLog.RotateAsync(again);
        Assert.That(AuditReader.OfAll(_test.Folder).Select(log => log.Count), Is.EqualTo(new[] { 1UL, 1UL }));
    }

    [Test]
    [Category("Faults")]
    public async Task Rotate_ProcessKilledAgainAndAgain_LosesNothingThatWasAcknowledged()
    {
        var acknowledged = new Dictionary<(string, int), string>();
        for (var kill = 1; kill <= 5; kill++)
        {
            await using (var probe = ServerProcess.Start("dotnet", [typeof(AuditProbe).Assembly.Location, "audit-rotating", _test.Folder]))
            {
                await Eventually.Async("some rotations", () => probe.Output.Split(AuditProbe.Acknowledged).Length > 100 * kill);
                await probe.KillAsync();
                foreach (var words in probe.Output.Split('\n').Where(line => line.StartsWith(AuditProbe.Acknowledged, StringComparison.Ordinal)).Select(line => line.Split(' ')).Where(words => words.Length == 4))
                    acknowledged.Add((words[1], int.Parse(words[2], null)), words[3]);
            }

            using var log = _test.Open();
            var logs = AuditReader.OfAll(_test.Folder);
            foreach (var ((logId, index), requestId) in acknowledged)
                Assert.That(logs.Single(known => known.LogId == logId)[(ulong)index].RequestId, Is.EqualTo(requestId));
            for (var at = 1; at < logs.Count; at++)
                Assert.That((logs[at][0].Predecessor.Origin, logs[at][0].Predecessor.Size), Is.EqualTo((logs[at - 1].LogId, logs[at - 1].Count)));
            Assert.That(logs, Has.Count.GreaterThan(kill));
        }
    }
}
