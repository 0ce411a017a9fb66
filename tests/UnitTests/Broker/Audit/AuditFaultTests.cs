using DataExchange.Broker.Audit;
using DataExchange.Contracts;
using DataExchange.Testing;
using DataExchange.UnitTests.Probes;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Audit;

/// <summary>Fault rows F1, F18 and F20: a full disk, a disk that fails, a process killed.</summary>
[Category("Faults")]
internal sealed class AuditFaultTests
{
    private AuditTestLog _test = null!;

    [SetUp]
    public void SetUp() => _test = new AuditTestLog();

    [TearDown]
    public void TearDown() => _test.Dispose();

    [TestCase("fdatasync", 20)]
    [TestCase("fsync", 6)]
    public async Task Append_SyncFails_NothingIsAcknowledgedAfterwardsAndTheSyncIsNeverTriedAgain(string call, int failingFrom)
    {
        using var folder = new TempFolder();
        var trace = folder["trace"];
        await using var probe = ServerProcess.Start("strace",
            ["-f", "-o", trace, "-e", "trace=fsync,fdatasync", "-e", $"inject={call}:error=EIO:when={failingFrom}+", .. ProbeCommand()]);

        Assert.That(await probe.WaitForExitAsync(TimeSpan.FromMinutes(1)), Is.Zero, probe.Output);

        var (acknowledged, refused) = ReadOutput(probe.Output);
        Assert.That(acknowledged, Is.Not.Empty);
        Assert.That(refused, Is.Not.Empty.And.All.EqualTo(ErrorReasons.AuditUnavailable.Name));
        var syncs = File.ReadLines(trace).Where(line => line.Contains("sync(", StringComparison.Ordinal)).ToList();
        Assert.That(syncs[..^1], Has.None.Contains("EIO"));
        Assert.That(syncs[^1], Does.Contain("EIO"));
        AssertAllThere(acknowledged);
    }

    [Test]
    public async Task Append_ProcessKilledAgainAndAgain_LosesNothingThatWasAcknowledged()
    {
        var acknowledged = new Dictionary<int, string>();
        for (var kill = 1; kill <= 5; kill++)
        {
            await using (var probe = ServerProcess.Start("dotnet", ProbeCommand()[1..]))
            {
                await Eventually.Async("some appends", () => ReadOutput(probe.Output).Acknowledged.Count > 150 * kill);
                await probe.KillAsync();
                foreach (var (index, requestId) in ReadOutput(probe.Output).Acknowledged)
                    acknowledged.Add(index, requestId);
            }

            AssertAllThere(acknowledged);
        }
    }

    [Test]
    public async Task Append_DiskNearlyFull_IsRefusedUntilThereIsRoomAgain()
    {
        using var disk = new SmallDisk(megabytes: 16);
        _test.Options.Folder = disk["audit"];
        _test.Options.FreeBytesMin = 4 << 20;
        File.WriteAllBytes(disk["filler"], new byte[8 << 20]);
        using var log = _test.Open();

        var written = await AppendUntilRefusedAsync(log);

        Assert.That(await HealthAsync(log), Is.EqualTo(HealthStatus.Unhealthy));
        Assert.That((await log.AppendAsync(Large(), CancellationToken.None)).Error?.Reason, Is.EqualTo(ErrorReasons.AuditUnavailable));
        File.Delete(disk["filler"]);
        Assert.That(await HealthAsync(log), Is.EqualTo(HealthStatus.Healthy));
        var outcome = await log.AppendAsync(Large(), CancellationToken.None);
        Assert.That((outcome.Error, outcome.Value.Index), Is.EqualTo(((ExchangeError?)null, written)));
        Assert.That(_test.ReadAll(), Has.Count.EqualTo((int)written + 1));
    }

    [Test]
    public async Task Append_DiskFull_FailsForGoodAndARestartFindsAllThatWasAcknowledged()
    {
        using var disk = new SmallDisk(megabytes: 16);
        _test.Options.Folder = disk["audit"];
        File.WriteAllBytes(disk["filler"], new byte[8 << 20]);
        ulong written;
        using (var log = _test.Open())
        {
            written = await AppendUntilRefusedAsync(log);
            File.Delete(disk["filler"]);
            Assert.That((await log.AppendAsync(Large(), CancellationToken.None)).Error?.Reason, Is.EqualTo(ErrorReasons.AuditUnavailable));
            Assert.That(await HealthAsync(log), Is.EqualTo(HealthStatus.Unhealthy));
        }

        using var again = _test.Open();
        Assert.That(again.Count, Is.EqualTo(written));
        Assert.That((await again.AppendAsync(Large(), CancellationToken.None)).Value.Index, Is.EqualTo(written));
        Assert.That(_test.ReadAll(), Has.Count.EqualTo((int)written + 1));
    }

    private static Wire.AuditEntry Large() => new() { CaseId = new string('x', 60_000) };

    private static async Task<ulong> AppendUntilRefusedAsync(AuditLog log)
    {
        while ((await log.AppendAsync(Large(), CancellationToken.None)).Error is null)
        {
        }

        return log.Count;
    }

    private static async Task<HealthStatus> HealthAsync(AuditLog log) =>
        (await new AuditHealthCheck(log).CheckHealthAsync(new HealthCheckContext(), CancellationToken.None)).Status;

    private string[] ProbeCommand() => ["dotnet", typeof(AuditProbe).Assembly.Location, "audit", _test.Folder];

    private static (IReadOnlyDictionary<int, string> Acknowledged, IReadOnlyList<string> Refused) ReadOutput(string output)
    {
        var lines = output.Split('\n');
        var acknowledged = lines.Where(line => line.StartsWith(AuditProbe.Acknowledged, StringComparison.Ordinal)).Select(line => line.Split(' '));
        return (
            acknowledged.Where(words => words.Length == 3).ToDictionary(words => int.Parse(words[1], null), words => words[2]),
            [.. lines.Where(line => line.StartsWith(AuditProbe.Refused, StringComparison.Ordinal)).Select(line => line[AuditProbe.Refused.Length..])]);
    }

    private void AssertAllThere(IReadOnlyDictionary<int, string> acknowledged)
    {
        using (_test.Open())
        {
            var entries = _test.ReadAll();
            foreach (var (index, requestId) in acknowledged)
                Assert.That(Wire.AuditEntry.Parser.ParseFrom(entries[index]).RequestId, Is.EqualTo(requestId));
        }
    }
}
