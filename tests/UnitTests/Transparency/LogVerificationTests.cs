using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Tiles;
using NUnit.Framework;

namespace DataExchange.UnitTests.Transparency;

public sealed class LogVerificationTests
{
    [TestCase(0)]
    [TestCase(1)]
    [TestCase(256)]
    [TestCase(1_000)]
    [TestCase(66_000)]
    public void Run_WholeLog_FindsNothing(int entries)
    {
        using var log = new SampleLog(entries);
        var verification = log.Verification();

        Assert.That(verification.Run(), Is.Null);
        Assert.That(verification.Checkpoint!.Size, Is.EqualTo((ulong)entries));
        Assert.That(verification.CosignedAt[log.Witness.Key], Is.EqualTo(DateTimeOffset.UnixEpoch.AddDays(20_000)));
    }

    [Test]
    public void Run_EachByteOfAThousandEntriesChanged_IsFoundEveryTime()
    {
        using var log = new SampleLog(1_000);
        var changed = 0;
        foreach (var (path, bytes) in log.Files)
        {
            Parallel.For(0, bytes.Length, at =>
            {
                var spoiled = (byte[])bytes.Clone();
                spoiled[at] ^= (byte)(1 << (at % 8));
                var finding = new LogVerification(log.Signer.Key, [log.Witness.Key], name => name == path ? spoiled : log.Files.GetValueOrDefault(name)).Run();
                if (finding is null)
                    Assert.Fail($"{path}, byte {at}: not found");
                Interlocked.Increment(ref changed);
            });
        }

        Assert.That(changed, Is.EqualTo(log.Files.Values.Sum(bytes => bytes.Length)).And.GreaterThan(40_000));
    }

    [Test]
    public void Run_EntryChanged_NamesIt()
    {
        using var log = new SampleLog(1_000);
        var bundle = log.Files["tile/entries/001"];
        bundle[^1] ^= 1;

        var finding = log.Verification().Run();

        Assert.That(finding, Is.EqualTo(new LogFinding("tile/entries/001", 511, "the entry is not what tile/0/001 has the hash of")));
    }

    [Test]
    public void Run_EntriesSwapped_NamesTheFirst()
    {
        using var log = new SampleLog(1_000);
        var bundle = log.Files["tile/entries/000"];
        // "entry 254" and "entry 255" begin alike and are as long as each other.
        (bundle[^1], bundle[^12]) = (bundle[^12], bundle[^1]);

        Assert.That(log.Verification().Run()!.Entry, Is.EqualTo(254UL));
    }

    [Test]
    public void Run_FileDeleted_NamesItAndItsFirstEntry()
    {
        using var whole = new SampleLog(1_000);
        foreach (var path in whole.Files.Keys)
        {
            using var log = new SampleLog(1_000);
            log.Files.Remove(path);

            var finding = log.Verification().Run();

            Assert.That(finding?.File, Is.EqualTo(path));
            Assert.That(finding!.What, Is.EqualTo("the file is missing"));
            Assert.That(finding.Entry, Is.EqualTo(path == "checkpoint" ? null : Tile.Parse(path)!.Value.Level == 1 ? 0 : Tile.Parse(path)!.Value.Index * 256));
        }
    }

    // As in a copy made while entries arrive, the checkpoint first: partial tiles go when the full ones are there.
    [Test]
    public void Run_TilesHaveGrownSinceTheCheckpoint_FindsNothingButWhatIsWrong()
    {
        using var old = new SampleLog(300);
        using var log = new SampleLog(1_000);
        log.Files["tile/1/000.p/1"] = old.Files["tile/1/000.p/1"];
        log.Files[LogVerification.CheckpointFile] = old.Note;

        Assert.That(log.Verification().Run(), Is.Null);
        log.Files["tile/entries/001"][3] ^= 1;
        Assert.That(log.Verification().Run()!.Entry, Is.EqualTo(256UL));
    }

    [Test]
    public void Run_EntriesAndTilesWrittenAnewWithoutTheKey_AreFoundByTheRoot()
    {
        using var log = new SampleLog(1_000);
        var note = log.Note;
        log.Entries[17][0] ^= 1;
        log.Write();
        log.Files[LogVerification.CheckpointFile] = note;

        Assert.That(log.Verification().Run()!.What, Does.Contain("written anew"));
    }

    // With the log's own key everything can be written anew; what somebody has kept of before cannot.
    [Test]
    public void Run_WrittenAnewWithTheKey_IsAForkOfWhatWasKept()
    {
        using var log = new SampleLog(1_000);
        var kept = log.Sign(600);
        log.Entries[17][0] ^= 1;
        log.Write();
        var verification = log.Verification();

        Assert.That(verification.Hold(kept.ToBytes(), "kept"), Is.Null);
        Assert.That(verification.Run()!.What, Is.EqualTo("fork: the first 600 entries are not those that kept vouches for"));
    }

    [Test]
    public void Run_WrittenAnewBehindWhatWasKept_IsNoFork()
    {
        using var log = new SampleLog(1_000);
        var kept = log.Sign(600);
        log.Entries[700][0] ^= 1;
        log.Write();
        var verification = log.Verification();

        Assert.That(verification.Hold(kept.ToBytes(), "kept"), Is.Null);
        Assert.That(verification.Run(), Is.Null);
    }

    [Test]
    public void Run_CutToAnyOlderSize_IsFoundByWhatWasKept()
    {
        using var whole = new SampleLog(300);
        var kept = whole.Note;
        for (var size = 0; size < 300; size++)
        {
            using var log = new SampleLog(size);
            var verification = log.Verification();

            Assert.That(verification.Hold(kept, "kept"), Is.Null);
            Assert.That(verification.Run()!.What, Does.StartWith("truncated: kept vouches for 300 entries"));
        }
    }

    [Test]
    public void Hold_TwoRootsOfOneSize_IsAFork()
    {
        using var log = new SampleLog(100);
        using var other = new SampleLog(100, "other ");
        var verification = log.Verification();

        Assert.That(verification.Hold(log.Note, "mine"), Is.Null);
        Assert.That(verification.Hold(other.Note, "theirs")!.What, Does.StartWith("fork: the log's key has signed another root for 100 entries, in mine"));
    }

    [Test]
    public void Run_OtherKeyOrNoWitness_IsNotBelieved()
    {
        using var log = new SampleLog(10);
        using var stranger = new NoteSigner(SampleLog.Origin, NoteKeyType.Ed25519, [.. Enumerable.Repeat((byte)9, 32)]);
        var strangers = new LogVerification(stranger.Key, [], path => log.Files.GetValueOrDefault(path));

        Assert.That(strangers.Run()!.What, Is.EqualTo("the log's key has not signed it"));
        log.Files[LogVerification.CheckpointFile] = log.Sign(10).ToBytes();
        Assert.That(log.Verification().Run()!.What, Is.EqualTo("witness.example/w1 has not cosigned it"));
    }

    [Test]
    public void Run_WhatInspectFinds_IsNamedWithItsEntry()
    {
        using var log = new SampleLog(1_000);

        var finding = log.Verification((index, entry) => index == 523 ? "back-dated" : null).Run();

        Assert.That(finding, Is.EqualTo(new LogFinding("tile/entries/002", 523, "back-dated")));
    }
}
