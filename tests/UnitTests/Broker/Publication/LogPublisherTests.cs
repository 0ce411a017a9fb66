using DataExchange.Broker.Audit;
using DataExchange.Testing;
using DataExchange.Transparency;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Publication;

public sealed class LogPublisherTests
{
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(256)]
    [TestCase(1_000)]
    public async Task Publish_AnyNumberOfEntries_VerifiesFromTheFilesAlone(int entries)
    {
        await using var log = new PublishedTestLog();
        await log.StartAsync();

        await log.AppendAsync(entries);
        var tree = await log.WholeAsync();

        Assert.That(log.Verify(), Is.Null);
        Assert.That(tree.Checkpoint.Size, Is.EqualTo((ulong)entries));
        Assert.That(tree.Checkpoint.Origin, Is.EqualTo($"test.example/audit/{log.Log.LogId}"));
    }

    [Test]
    public async Task Proofs_OfEachEntry_HoldForTheReceiptsHash()
    {
        await using var log = new PublishedTestLog();
        var positions = await log.Entries.WriteAsync(300);
        await log.StartAsync();

        var tree = await log.WholeAsync();

        foreach (var position in positions)
        {
            var proof = tree.Tree.InclusionProof(position.Index);
            Assert.That(MerkleProof.VerifyInclusion(position.Index, 300, new MerkleHash(position.LeafHash), tree.Checkpoint.Root, proof), Is.True);
        }
    }

    [Test]
    public async Task Publish_EntriesArrive_OldCheckpointsStayProvable()
    {
        await using var log = new PublishedTestLog();
        await log.StartAsync();
        var kept = new List<Checkpoint>();
        for (var entries = 0; entries < 1_200; entries += 150)
        {
            await log.AppendAsync(150, entries);
            kept.Add((await log.WholeAsync()).Checkpoint);
        }

        var newest = (await log.WholeAsync());

        foreach (var old in kept)
            Assert.That(MerkleProof.VerifyConsistency(old.Size, newest.Checkpoint.Size, old.Root, newest.Checkpoint.Root, newest.Tree.ConsistencyProof(old.Size)), Is.True);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Start_AfterAStopOrACrash_GoesOnWithTheSameLog(bool stopped)
    {
        await using var log = new PublishedTestLog();
        await log.StartAsync();
        await log.AppendAsync(70_000);
        var before = (await log.WholeAsync()).Checkpoint;
        await (stopped ? log.StopAsync() : log.CrashAsync());

        await log.StartAsync();
        await log.AppendAsync(1_000, 70_000);
        var after = await log.WholeAsync();

        Assert.That(after.Checkpoint.Size, Is.EqualTo(71_000UL));
        Assert.That(MerkleProof.VerifyConsistency(before.Size, after.Checkpoint.Size, before.Root, after.Checkpoint.Root, after.Tree.ConsistencyProof(before.Size)), Is.True);
        Assert.That(log.Verify(), Is.Null);
    }

    // Killed between a sync of tiles and the checkpoint over them.
    [Test]
    public async Task Start_TilesSyncedAheadOfTheCheckpoint_GoesOn()
    {
        await using var log = new PublishedTestLog();
        await log.StartAsync();
        await log.AppendAsync(300);
        await log.WholeAsync();
        var checkpoint = Path.Combine(log.Published.Folder, LogVerification.CheckpointFile);
        var old = await File.ReadAllBytesAsync(checkpoint);
        await log.AppendAsync(40_000, 300);
        await log.WholeAsync();
        await log.StopAsync();
        await File.WriteAllBytesAsync(checkpoint, old);

        await log.StartAsync();
        await log.AppendAsync(1, 40_300);
        await log.WholeAsync();

        Assert.That(log.Verify(), Is.Null);
    }

    [TestCase("tile/0/000")]
    [TestCase("tile/0/117")]
    [TestCase("synced")]
    public async Task Start_FileOfItsOwnDamaged_IsMadeAnewFromTheEntries(string file)
    {
        await using var log = new PublishedTestLog();
        await log.StartAsync();
        await log.AppendAsync(40_000);
        await log.WholeAsync();
        var path = Path.Combine(log.Published.Folder, file);
        await log.StopAsync();
        var bytes = await File.ReadAllBytesAsync(path);
        bytes[7] ^= 1;
        await File.WriteAllBytesAsync(path, bytes);

        await log.StartAsync();
        await log.AppendAsync(1, 40_000);
        await log.WholeAsync();

        Assert.That(log.Verify(), Is.Null);
    }

    [Test]
    public async Task Start_EntriesRolledBackBehindTheCheckpoint_IsRefused()
    {
        await using var log = new PublishedTestLog();
        await log.StartAsync();
        await log.AppendAsync(10);
        await log.WholeAsync();
        await log.StopAsync();
        var (segment, mark) = (log.Entries.SegmentPaths.Single(), log.Entries.MarkPath);
        var old = (File.ReadAllBytes(segment), File.ReadAllBytes(mark));
        await log.StartAsync();
        await log.AppendAsync(10, 10);
        await log.WholeAsync();
        await log.StopAsync();
        File.WriteAllBytes(segment, old.Item1);
        File.WriteAllBytes(mark, old.Item2);

        Assert.That(log.StartAsync, Throws.TypeOf<AuditDamageException>().With.Message.Contains("vouches for 20 entries, the log holds 10"));
        log.Close();
    }

    [Test]
    public async Task Start_OtherEntriesUnderTheCheckpoint_IsRefused()
    {
        await using var log = new PublishedTestLog();
        await log.StartAsync();
        await log.StopAsync();
        var (segment, mark) = (log.Entries.SegmentPaths.Single(), log.Entries.MarkPath);
        var old = (File.ReadAllBytes(segment), File.ReadAllBytes(mark));
        await log.StartAsync();
        await log.AppendAsync(10);
        await log.WholeAsync();
        await log.StopAsync();
        File.WriteAllBytes(segment, old.Item1);
        File.WriteAllBytes(mark, old.Item2);
        await log.Entries.WriteAsync(10, from: 500);

        Assert.That(log.StartAsync, Throws.TypeOf<AuditDamageException>().With.Message.Contains("not those that the published checkpoint vouches for"));
        log.Close();
    }

    [Test]
    public async Task Start_KeyMissingThoughCheckpointsAreSigned_IsRefused()
    {
        await using var log = new PublishedTestLog();
        await log.StartAsync();
        await log.WholeAsync();
        await log.StopAsync();
        File.Delete(log.Options.SigningKeyPath);

        Assert.That(log.StartAsync, Throws.InvalidOperationException.With.Message.Contains("Publication:SigningKeyPath"));
        log.Log.Dispose();
    }

    [Test]
    public async Task Publish_FolderCannotBeWritten_GoesOnOnceItCan()
    {
        await using var log = new PublishedTestLog();
        await log.StartAsync();
        await log.AppendAsync(10);
        await log.WholeAsync();
        var bundles = Path.Combine(log.Published.Folder, "tile", "entries");
        Directory.Delete(bundles, recursive: true);
        File.WriteAllText(bundles, "in the way");

        await log.AppendAsync(10, 10);
        await Eventually.Async("a failure in health", () => log.Publisher.FailingSince is not null);
        File.Delete(bundles);
        await log.WholeAsync();

        Assert.That(log.Verify(), Is.Null);
        Assert.That(log.Publisher.FailingSince, Is.Null);
    }
}
