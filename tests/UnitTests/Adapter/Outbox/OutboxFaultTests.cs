using DataExchange.Adapter;
using DataExchange.Testing;
using DataExchange.UnitTests.Probes;
using Microsoft.Data.Sqlite;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

/// <summary>Fault rows F3, F18 and F20 at the provider: a process killed, a full disk, a disk that fails.</summary>
[Category("Faults")]
internal sealed class OutboxFaultTests
{
    private TempFolder _folder = null!;

    private string FilePath => _folder["outbox.db"];

    [SetUp]
    public void MakeFolder() => _folder = new TempFolder();

    [TearDown]
    public void RemoveFolder() => _folder.Dispose();

    [Test]
    public async Task Append_ProcessKilledAgainAndAgain_LosesNothingThatWasStored()
    {
        var stored = 0UL;
        for (var kill = 1; kill <= 5; kill++)
        {
            await using var probe = ServerProcess.Start("dotnet", ProbeCommand()[1..]);
            await Eventually.Async("some appends", () => LastStored(probe.Output) > stored + 1_000);
            await probe.KillAsync();

            stored = LastStored(probe.Output);
            AssertWhole(atLeast: stored);
        }
    }

    [Test]
    public async Task Append_SyncFails_NothingIsSaidToBeStoredFromThenOn()
    {
        using var traces = new TempFolder();
        await using var probe = ServerProcess.Start("strace",
            ["-f", "-o", traces["trace"], "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=40+", .. ProbeCommand()]);

        Assert.That(await probe.WaitForExitAsync(TimeSpan.FromMinutes(1)), Is.Zero, probe.Output);

        var lines = probe.Output.Split('\n').Where(IsOutcome).ToList();
        Assert.That(lines.TakeWhile(IsStored), Is.Not.Empty);
        Assert.That(lines.SkipWhile(IsStored).Select(IsStored), Is.EqualTo(Enumerable.Repeat(false, 20)));
        AssertWhole(atLeast: LastStored(probe.Output));
    }

    [Test]
    public void Append_DiskFull_IsRefusedAndGoesOnWithoutAHoleWhenThereIsRoom()
    {
        using var disk = new SmallDisk(megabytes: 8);
        File.WriteAllBytes(disk["filler"], new byte[4 << 20]);
        using var outbox = Outbox.Open(disk["outbox.db"], Sample.Department);
        outbox.OfferEverything();

        Assert.That(() => FillDisk(outbox), Throws.InstanceOf<SqliteException>());
        var stored = outbox.LastSequence;
        Assert.That(stored, Is.Positive);
        Assert.That(() => Sample.Fill(outbox, 1_000), Throws.InstanceOf<SqliteException>());
        File.Delete(disk["filler"]);
        Sample.Fill(outbox, 1_000);

        Assert.That(outbox.LastSequence, Is.EqualTo(stored + 1_000));
        Assert.That(Sequences(outbox), Is.EqualTo(Enumerable.Range(1, (int)stored + 1_000)));
    }

    private static void FillDisk(Outbox outbox)
    {
        while (true)
            Sample.Fill(outbox, 1_000);
    }

    private static bool IsStored(string line) => line.StartsWith(OutboxProbe.Stored, StringComparison.Ordinal);

    private static bool IsOutcome(string line) => IsStored(line) || line.StartsWith(OutboxProbe.Refused, StringComparison.Ordinal);

    private static ulong LastStored(string output) =>
        output.Split('\n').Where(IsStored).Select(line => ulong.Parse(line[OutboxProbe.Stored.Length..], null)).LastOrDefault();

    /// <summary>Every change that is kept, by its own number, in order.</summary>
    private static IEnumerable<int> Sequences(Outbox outbox)
    {
        for (var next = outbox.FirstSequence; outbox.Read(next, 16) is { Count: > 0 } batches; next = batches[^1].LastSequence + 1)
        {
            foreach (var change in batches.SelectMany(b => b.Parse().Changes))
                yield return int.Parse(change.Set.Subject.Value, null);
        }
    }

    private string[] ProbeCommand() => ["dotnet", typeof(OutboxProbe).Assembly.Location, "outbox", FilePath];

    private void AssertWhole(ulong atLeast)
    {
        using var outbox = Outbox.Open(FilePath, Sample.Department);
        Assert.That(outbox.LastSequence, Is.GreaterThanOrEqualTo(atLeast));
        Assert.That(outbox.SourceCheckpoint, Is.EqualTo($"{outbox.LastSequence}"));
        Assert.That(Sequences(outbox), Is.EqualTo(Enumerable.Range(1, (int)outbox.LastSequence)));
    }
}
