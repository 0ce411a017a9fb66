using System.Diagnostics;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Publication;
using DataExchange.Testing;
using DataExchange.Transparency;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Publication;

/// <summary>Closed logs: how one ends and the next begins, whatever a crash leaves in between, and how they go after their time.</summary>
public sealed class LogRotationTests
{
    private PublishedTestLog _log = null!;

    [SetUp]
    public void SetUp() => _log = new PublishedTestLog();

    [TearDown]
    public async Task TearDown() => await _log.DisposeAsync();

    private string Root => _log.Entries.Folder;

    [TestCase(1)]
    [TestCase(256)]
    [TestCase(1_000)]
    public async Task Rotate_Log_EndsWithACheckpointThatTheNextOneNames(int entries)
    {
        await _log.StartAsync();
        await _log.AppendAsync(entries);
        await _log.WholeAsync();

        await _log.RotateAsync();
        await _log.AppendAsync(300, entries);
        await _log.WholeAsync();

        AssertChain(entries, 301);
    }

    [Test]
    public async Task Rotate_EntriesArriveMeanwhile_AllArePublishedInTheOneOrTheOther()
    {
        await _log.StartAsync();
        await _log.AppendAsync(100);
        var rotating = _log.RotateAsync();
        var entries = 100;
        for (; !rotating.IsCompleted; entries += 10)
            await _log.AppendAsync(10, entries);
        await rotating;
        await _log.WholeAsync();

        Assert.That(_log.Logs.All.Select(log => PublishedTestLog.Verify(log)), Is.All.Null);
        Assert.That(_log.Logs.All.Aggregate(0UL, (sum, log) => sum + log.Current!.Checkpoint.Size), Is.EqualTo((ulong)entries + 1));
    }

    [Test]
    public async Task Proofs_OfAClosedLog_HoldAfterARestart()
    {
        var positions = await _log.Entries.WriteAsync(300);
        await _log.StartAsync();
        await _log.RotateAsync();
        await _log.StopAsync();
        await _log.StartAsync();

        var closed = _log.Logs.Find(positions[0].LogId)!.Current!;

        foreach (var position in positions)
            Assert.That(MerkleProof.VerifyInclusion(position.Index, 300, new MerkleHash(position.LeafHash), closed.Checkpoint.Root, closed.Tree.InclusionProof(position.Index)), Is.True);
    }

    // A process that is killed leaves the files as they were after one of its steps.
    [TestCase("the last checkpoint")]
    [TestCase("half of the next log's folder")]
    [TestCase("the next log's folder")]
    [TestCase("the next log's first tiles")]
    [TestCase("the next log's first checkpoint")]
    public async Task Start_AfterACrashThatLeft_TheChainGoesOn(string left)
    {
        await _log.StartAsync();
        await _log.AppendAsync(300);
        await _log.WholeAsync();
        await _log.RotateAsync();
        var (entries, files) = (LogFolders.Of(Root, _log.Log.LogId), _log.Published.Folder);
        await _log.StopAsync();
        if (left != "the next log's first checkpoint")
            File.Delete(Path.Combine(files, LogVerification.CheckpointFile));
        if (left is "the last checkpoint" or "half of the next log's folder" or "the next log's folder")
            Directory.Delete(files, recursive: true);
        if (left == "the next log's folder")
            File.Delete(Path.Combine(entries, AuditStore.MarkName));
        if (left == "half of the next log's folder")
        {
            Directory.Move(entries, entries + ".new");
            File.WriteAllBytes(Directory.GetFiles(entries + ".new", "*" + SegmentFile.Extension).Single() + ".new", new byte[20]);
        }

        if (left == "the last checkpoint")
            Directory.Delete(entries, recursive: true);

        await _log.StartAsync();
        if (_log.Logs.All.Count == 1)
            await _log.RotateAsync();
        await _log.AppendAsync(10, 300);
        await _log.WholeAsync();

        AssertChain(300, 11);
    }

    [Test]
    public async Task Start_NewestLogMissing_IsRefused()
    {
        await _log.StartAsync();
        await _log.AppendAsync(10);
        await _log.RotateAsync();
        var entries = LogFolders.Of(Root, _log.Log.LogId);
        await _log.StopAsync();
        Directory.Delete(entries, recursive: true);

        Assert.That(_log.StartAsync, Throws.TypeOf<AuditDamageException>().With.Message.Contains("another log after this one has been published"));
        _log.Close();
    }

    // Closed is closed: an entry more would be one that the next log does not vouch for.
    [Test]
    public async Task Start_ClosedLogHasGrown_IsRefused()
    {
        await _log.StartAsync();
        await _log.AppendAsync(10);
        await _log.RotateAsync();
        var next = LogFolders.Of(Root, _log.Log.LogId);
        await _log.StopAsync();
        Directory.Move(next, next + "-aside");
        await _log.Entries.WriteAsync(1, from: 10);
        Directory.Move(next + "-aside", next);

        Assert.That(_log.StartAsync, Throws.TypeOf<AuditDamageException>().With.Message.Contains("goes on from another end"));
        _log.Close();
    }

    [Test]
    public async Task Retention_ClosedLogIsOver_GoesWholeAndStaysNamed()
    {
        var (closed, head) = await CloseAsync();
        _log.Entries.Options.Retention = TimeSpan.FromDays(1_096);

        _log.Retention.Apply();

        AssertGone(closed);
        var named = new AuditReader(LogFolders.Of(Root, _log.Log.LogId))[0].Predecessor;
        Assert.That((named.Origin, named.Size, new MerkleHash(named.Root.Span)), Is.EqualTo((head.Origin, head.Size, head.Root)));
        await _log.AppendAsync(10, 300);
        await _log.WholeAsync();
        await _log.StopAsync();
        await _log.StartAsync();
        Assert.That(_log.Verify(), Is.Null);
    }

    [Test]
    public async Task Retention_NotOverOrNotClosedOrNotPublishedToItsEnd_IsKept()
    {
        var (closed, _) = await CloseAsync();
        _log.Retention.Apply();
        Assert.That(_log.Logs.All, Has.Count.EqualTo(2), "young enough");

        _log.Entries.Options.Retention = TimeSpan.FromDays(1_096);
        await _log.StopAsync();
        var checkpoint = Path.Combine(closed.Folder, LogVerification.CheckpointFile);
        File.Move(checkpoint, checkpoint + ".aside");
        await _log.StartAsync();
        _log.Retention.Apply();
        Assert.That(_log.Logs.All, Has.Count.EqualTo(2), "not published");

        await _log.StopAsync();
        File.Move(checkpoint + ".aside", checkpoint);
        await _log.StartAsync();
        _log.Retention.Apply();
        Assert.That(_log.Logs.All, Has.Count.EqualTo(1));
        _log.Retention.Apply();
        Assert.That(_log.Logs.All, Has.Count.EqualTo(1), "the open one");
        AssertGone(closed);
    }

    [TestCase("the mark renamed")]
    [TestCase("half of the published files")]
    [TestCase("half of the segments")]
    [TestCase("the renamed mark alone")]
    public async Task Start_AfterACrashInADeletionThatLeft_ItIsEnded(string left)
    {
        _log.Entries.Options.SegmentBytes = 8 << 10;
        var (closed, _) = await CloseAsync();
        await _log.StopAsync();
        LogFolders.BeginDelete(Root);
        if (left != "the mark renamed")
            File.Delete(Path.Combine(closed.Folder, "tile", "0", "000"));
        if (left is "half of the segments" or "the renamed mark alone")
            Directory.Delete(closed.Folder, recursive: true);
        foreach (var segment in left == "half of the segments" ? _log.Entries.SegmentPaths.Skip(1) : left == "the renamed mark alone" ? _log.Entries.SegmentPaths : [])
            File.Delete(segment);

        await _log.StartAsync();
        _log.Retention.Apply();

        AssertGone(closed);
        Assert.That(LogFolders.Deleted(Root), Is.Empty);
        await _log.AppendAsync(10, 300);
        await _log.WholeAsync();
        Assert.That(_log.Verify(), Is.Null);
    }

    // The command of docs/audit-log.md.
    [Test]
    public async Task Copy_WhileTheLogIsWritten_Verifies()
    {
        await _log.StartAsync();
        await _log.AppendAsync(10);
        await _log.WholeAsync();
        using var copies = new TempFolder();
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(async () =>
        {
            for (var entries = 10; !stop.IsCancellationRequested; entries += 100)
                await _log.AppendAsync(100, entries);
        });

        for (var at = 0; at < 5; at++)
        {
            await Eventually.Async("a copy", async () => await CopyAsync(_log.Published.Folder, copies["copy"]) == 0);
            var verification = new LogVerification(_log.Published.Signer.Key, [], file => Path.Combine(copies["copy"], file) is var path && File.Exists(path) ? File.ReadAllBytes(path) : null);
            Assert.That(verification.Run(), Is.Null);
        }

        await stop.CancelAsync();
        await writing;
    }

    private static async Task<int> CopyAsync(string from, string to)
    {
        using var process = Process.Start("/bin/sh", ["-c", "mkdir -p \"$1\" && cp \"$0/checkpoint\" \"$1/\" && cp -ru \"$0/tile\" \"$1/\" 2>/dev/null", from, to]);
        await process.WaitForExitAsync();
        return process.ExitCode;
    }

    private async Task<(PublishedLog Closed, Checkpoint Head)> CloseAsync()
    {
        await _log.StartAsync();
        await _log.AppendAsync(300);
        await _log.RotateAsync();
        return (_log.Logs.All[0], _log.Logs.All[0].Current!.Checkpoint);
    }

    private void AssertGone(PublishedLog closed)
    {
        Assert.That(_log.Logs.All.Select(log => log.LogId), Is.EqualTo(new[] { _log.Log.LogId }));
        Assert.That(Directory.Exists(closed.Folder), Is.False);
        Assert.That(_log.Entries.SegmentPaths, Is.Empty);
        Assert.That(AuditReader.OfAll(Root).Select(log => log.LogId), Is.EqualTo(new[] { _log.Log.LogId }));
    }

    private void AssertChain(params int[] entries)
    {
        var logs = _log.Logs.All;
        Assert.That(logs.Select(log => log.Current!.Checkpoint.Size), Is.EqualTo(entries.Select(count => (ulong)count)));
        Assert.That(logs.Select(log => PublishedTestLog.Verify(log)), Is.All.Null);
        for (var at = 1; at < logs.Count; at++)
        {
            var (head, named) = (logs[at - 1].Current!.Checkpoint, new AuditReader(LogFolders.Of(Root, logs[at].LogId))[0].Predecessor);
            Assert.That((named.Origin, named.Size, new MerkleHash(named.Root.Span)), Is.EqualTo((head.Origin, head.Size, head.Root)));
            Assert.That(logs[at].Signer.Key.Name, Is.EqualTo(LogOrigin.After(head.Origin)));
        }
    }
}
