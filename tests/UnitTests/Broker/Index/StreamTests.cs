using DataExchange.Broker.Index;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Index.TestIndex;

namespace DataExchange.UnitTests.Broker.Index;

/// <summary>What becomes of a batch from its place in its stream: watermark, gaps, repetition, contradiction, epochs.</summary>
internal sealed class StreamTests
{
    private TestIndex _test = null!;

    [SetUp]
    public void SetUp() => _test = new TestIndex();

    [TearDown]
    public async Task TearDown() => await _test.DisposeAsync();

    [Test]
    public async Task Apply_NextBatch_MovesTheWatermark()
    {
        var first = await _test.Index.Writer.ApplyAsync(Batch(Civil, 1, Held(Ann, Name, "ann"), Held(Bob, Name, "bob")), CancellationToken.None);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(first, Is.EqualTo(new ApplyResult(ApplyOutcome.Applied, 2)));
            Assert.That(first.Reason, Is.Null);
            Assert.That(_test.Stream(Civil).Watermark, Is.EqualTo(2));
            Assert.That(_test.Stream(Civil).Gaps, Is.Empty);
        }
    }

    [Test]
    public async Task Apply_BatchAfterAGap_IsAppliedButTheWatermarkWaits()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        await _test.ApplyAsync(Civil, 4, Held(Ann, Name, "ann-4"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Read(Ann, Name), Is.EqualTo("ann-4"));
            Assert.That(_test.Stream(Civil).Watermark, Is.EqualTo(1));
            Assert.That(_test.Stream(Civil).Gaps, Is.EqualTo(new[] { new SequenceGap(2, 3, Start) }));
        }

        _test.Time.Advance(TimeSpan.FromMinutes(1));
        await _test.ApplyAsync(Civil, 3, Held(Ann, Name, "ann-3"));
        Assert.That(_test.Stream(Civil).Gaps, Is.EqualTo(new[] { new SequenceGap(2, 2, Start) }), "what is left of a gap is as old as the gap");

        await _test.ApplyAsync(Civil, 2, Held(Ann, Name, "ann-2"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Read(Ann, Name), Is.EqualTo("ann-4"), "the late ones are older");
            Assert.That(_test.Stream(Civil).Watermark, Is.EqualTo(4));
            Assert.That(_test.Stream(Civil).Gaps, Is.Empty);
        }
    }

    [Test]
    public async Task Apply_SameBatchAgain_IsADuplicate([Values] bool reopened, [Values(1ul, 5ul)] ulong first)
    {
        var batch = Batch(Civil, first, Held(Ann, Name, "ann"), Withdraw(Bob, Name));
        await _test.ApplyAsync(batch);
        var digest = _test.Index.ComputeDigest();
        if (reopened)
            await _test.ReopenAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await _test.ApplyAsync(batch), Is.EqualTo(ApplyOutcome.Duplicate));
            Assert.That(_test.Index.ComputeDigest(), Is.EqualTo(digest));
            Assert.That(_test.Index.Statistics, Is.EqualTo(new IndexStatistics(1, 1, 0)));
        }
    }

    [Test]
    public async Task Apply_AppliedSequencesWithOtherContentOrBounds_QuarantinesAndChangesNothing([Values(1ul, 5ul)] ulong first, [Values(0, 1, 2, 3)] int way)
    {
        var batch = Batch(Civil, first, Held(Ann, Name, "ann"), Held(Bob, Name, "bob"));
        await _test.ApplyAsync(batch);
        var contradiction = way switch
        {
            0 => batch with { PayloadDigest = 99 },
            1 => batch with { Changes = batch.Changes[..1] },
            2 => batch with { FirstSequence = first + 1 },
            _ => Batch(Civil, first, Held(Ann, Name, "eve"), Held(Bob, Name, "eve"), Held(Cai, Name, "eve")),
        };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await _test.ApplyAsync(contradiction), Is.EqualTo(ApplyOutcome.SequenceRewritten));
            Assert.That(await _test.ApplyAsync(Civil, 10, Held(Ann, Name, "later")), Is.EqualTo(ApplyOutcome.Quarantined));
            Assert.That(_test.Read(Ann, Name), Is.EqualTo("ann"));
            Assert.That(_test.Stream(Civil).Quarantine, Is.EqualTo(new StreamQuarantine(ApplyOutcome.SequenceRewritten, 1, Start)));
        }
    }

    [Test]
    public async Task Apply_Quarantined_StaysSoAfterARestartAndLeavesOthersAlone()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        await _test.ApplyAsync(Batch(Civil, 1, Held(Ann, Name, "eve")) with { PayloadDigest = 9 });
        await _test.ReopenAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await _test.ApplyAsync(Civil, 2, Held(Ann, Name, "later")), Is.EqualTo(ApplyOutcome.Quarantined));
            Assert.That(_test.Stream(Civil).Quarantine, Is.EqualTo(new StreamQuarantine(ApplyOutcome.SequenceRewritten, 1, Start)));
            Assert.That(await _test.ApplyAsync(Tax, 1, Held(Ann, Income, "5")), Is.EqualTo(ApplyOutcome.Applied));
            Assert.That(_test.Read(Ann, Name, Income), Is.EqualTo("ann 5"));
        }
    }

    [Test]
    public async Task Apply_RewrittenAndTheSameEpochAccepted_StaysInQuarantine()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        await _test.ApplyAsync(Batch(Civil, 1, Held(Ann, Name, "eve")) with { PayloadDigest = 9 });
        Assert.That(await _test.ApplyAsync(Batch(Civil, 2, Held(Ann, Name, "later")) with { AcceptedEpoch = 1 }), Is.EqualTo(ApplyOutcome.Quarantined));
    }

    [Test]
    public async Task Apply_UnknownEpoch_QuarantinesUntilItIsAccepted()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"), Held(Bob, Name, "bob"), Link(Ann, Bob));
        var batch = Batch(Civil, 1, Held(Ann, Name, "ann-anew")) with { Epoch = 2 };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await _test.ApplyAsync(batch), Is.EqualTo(ApplyOutcome.EpochUnknown));
            Assert.That(await _test.ApplyAsync(batch), Is.EqualTo(ApplyOutcome.Quarantined));
            Assert.That(await _test.ApplyAsync(Civil, 4, Held(Ann, Name, "later")), Is.EqualTo(ApplyOutcome.Quarantined), "the former epoch rests too");
            Assert.That(_test.Read(Ann, Name), Is.EqualTo("bob ann"), "of the same age: the later sequence first");

            Assert.That(await _test.ApplyAsync(batch with { AcceptedEpoch = 2 }), Is.EqualTo(ApplyOutcome.Applied));
            Assert.That(_test.Stream(Civil).Epoch, Is.EqualTo((UInt128)2));
            Assert.That(_test.Stream(Civil).Quarantine, Is.Null);
            Assert.That(_test.Stream(Civil).Watermark, Is.EqualTo(1));
            Assert.That(_test.Read(Ann, Name), Is.EqualTo("ann-anew"), "facts and links of the former epoch count no more");
            Assert.That(_test.Read(Bob, Name), Is.Empty);
            Assert.That(_test.Index.Statistics, Is.EqualTo(new IndexStatistics(1, 1, 0)));
        }

        await _test.ReopenAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Stream(Civil).Epoch, Is.EqualTo((UInt128)2));
            Assert.That(_test.Read(Ann, Name), Is.EqualTo("ann-anew"));
            Assert.That(_test.Index.Statistics, Is.EqualTo(new IndexStatistics(1, 1, 0)));
        }
    }

    [Test]
    public async Task Heartbeat_OfAnAcceptedEpoch_PutsItInForce()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        Assert.That(await _test.ApplyAsync(Batch(Civil, 4) with { Epoch = 2, AcceptedEpoch = 2 }), Is.EqualTo(ApplyOutcome.Applied));
        await _test.ReopenAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Stream(Civil).Epoch, Is.EqualTo((UInt128)2));
            Assert.That(_test.Stream(Civil).Watermark, Is.Zero);
            Assert.That(_test.Index.Statistics, Is.EqualTo(default(IndexStatistics)));
        }
    }

    [Test]
    public async Task Apply_UnknownEpochButTheOldOneAccepted_GoesOnWithTheOldOne()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        await _test.ApplyAsync(Batch(Civil, 1, Held(Ann, Name, "eve")) with { Epoch = 2 });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await _test.ApplyAsync(Batch(Civil, 2, Held(Ann, Name, "ann-2")) with { AcceptedEpoch = 1 }), Is.EqualTo(ApplyOutcome.Applied));
            Assert.That(_test.Stream(Civil).Quarantine, Is.Null);
            Assert.That(_test.Read(Ann, Name), Is.EqualTo("ann-2"));
        }
    }

    [Test]
    public async Task Apply_FormerEpochComesLate_IsRefusedWithoutHarm()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        await _test.ApplyAsync(Batch(Civil, 1, Held(Ann, Name, "anew")) with { Epoch = 2, AcceptedEpoch = 2 });
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await _test.ApplyAsync(Batch(Civil, 2, Held(Ann, Name, "late")) with { AcceptedEpoch = 2 }), Is.EqualTo(ApplyOutcome.EpochUnknown));
            Assert.That(_test.Stream(Civil).Quarantine, Is.Null);
            Assert.That(_test.Read(Ann, Name), Is.EqualTo("anew"));
        }
    }

    [Test]
    public async Task Apply_FormerEpochAcceptedAgain_GoesOnWhereItWas()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"), Held(Bob, Name, "bob"));
        await _test.ApplyAsync(Batch(Civil, 1, Held(Ann, Name, "anew")) with { Epoch = 2, AcceptedEpoch = 2 });
        Assert.That(await _test.ApplyAsync(Batch(Civil, 3, Held(Ann, Name, "ann-3")) with { AcceptedEpoch = 1 }), Is.EqualTo(ApplyOutcome.Applied));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Stream(Civil).Watermark, Is.EqualTo(3));
            Assert.That(_test.Read(Ann, Name), Is.EqualTo("ann-3"));
            Assert.That(_test.Read(Bob, Name), Is.EqualTo("bob"));
            Assert.That(_test.Index.Statistics, Is.EqualTo(new IndexStatistics(2, 2, 0)));
        }
    }

    [Test]
    public async Task Apply_FirstEpochIsNotTheAcceptedOne_IsRefused()
    {
        var batch = Batch(Civil, 1, Held(Ann, Name, "ann")) with { AcceptedEpoch = 2 };
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await _test.ApplyAsync(batch), Is.EqualTo(ApplyOutcome.EpochUnknown));
            Assert.That(_test.Read(Ann, Name), Is.Empty);
            Assert.That(await _test.ApplyAsync(batch with { Epoch = 2 }), Is.EqualTo(ApplyOutcome.Applied));
        }
    }

    [Test]
    public async Task Apply_TooManyPieces_IsRefusedUntilAGapCloses()
    {
        await using var test = new TestIndex(configure: options => options.StreamPiecesMax = 2);
        await test.ApplyAsync(Civil, 10, Held(Ann, Name, "10"));
        await test.ApplyAsync(Civil, 20, Held(Ann, Name, "20"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(await test.ApplyAsync(Civil, 30, Held(Ann, Name, "30")), Is.EqualTo(ApplyOutcome.TooManyGaps));
            Assert.That(test.Read(Ann, Name), Is.EqualTo("20"));
            Assert.That(test.Stream(Civil).Gaps[^1].Last, Is.EqualTo(30), "it is known to exist");
            Assert.That(await test.ApplyAsync(Civil, 11, Held(Ann, Name, "11"), Held(Ann, Name, "12")), Is.EqualTo(ApplyOutcome.Applied));
            Assert.That(await test.ApplyAsync(Batch(Civil, 1, [.. Enumerable.Repeat(Held(Bob, Name, "bob"), 9)])), Is.EqualTo(ApplyOutcome.Applied));
            Assert.That(await test.ApplyAsync(Civil, 30, Held(Ann, Name, "30")), Is.EqualTo(ApplyOutcome.Applied));
        }
    }

    [Test]
    public async Task Heartbeat_AheadOfTheWatermark_ShowsTheLostTail()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        await _test.ApplyAsync(Civil, 4);
        Assert.That(_test.Stream(Civil).Gaps, Is.EqualTo(new[] { new SequenceGap(2, 3, Start) }));
    }

    [Test]
    public async Task CurrentAsOf_BatchesAndHeartbeats_MovesOnlyWhileNothingIsMissing()
    {
        DateTimeOffset At(int seconds) => Start.AddSeconds(seconds);
        _test.Time.Advance(TimeSpan.FromSeconds(100));
        await _test.ApplyAsync(Batch(Civil, 1, Held(Ann, Name, "1")) with { PackedAt = At(1) });
        Assert.That(_test.Stream(Civil).CurrentAsOf, Is.EqualTo(At(1)));
        await _test.ApplyAsync(Batch(Civil, 2) with { PackedAt = At(3) });
        Assert.That(_test.Stream(Civil).CurrentAsOf, Is.EqualTo(At(3)), "a heartbeat with nothing before it missing");
        await _test.ApplyAsync(Batch(Civil, 4) with { PackedAt = At(9) });
        await _test.ApplyAsync(Batch(Civil, 3, Held(Ann, Name, "3")) with { PackedAt = At(8) });
        Assert.That(_test.Stream(Civil).CurrentAsOf, Is.EqualTo(At(3)), "sequence 2 is missing");
        await _test.ApplyAsync(Batch(Civil, 2, Held(Ann, Name, "2")) with { PackedAt = At(4) });
        Assert.That(_test.Stream(Civil).CurrentAsOf, Is.EqualTo(At(8)), "complete again, as of the newest batch");
        await _test.ApplyAsync(Batch(Civil, 4) with { PackedAt = At(5) });
        Assert.That(_test.Stream(Civil).CurrentAsOf, Is.EqualTo(At(8)), "an older heartbeat come late");
        await _test.ApplyAsync(Batch(Civil, 4) with { PackedAt = At(1000) });
        Assert.That(_test.Stream(Civil).CurrentAsOf, Is.EqualTo(At(100)), "the future counts as now");
        await _test.ApplyAsync(Batch(Civil, 1) with { Epoch = 7, PackedAt = At(100) });
        _test.Time.Advance(TimeSpan.FromSeconds(100));
        await _test.ApplyAsync(Batch(Civil, 4) with { PackedAt = At(150) });
        Assert.That(_test.Stream(Civil).CurrentAsOf, Is.EqualTo(At(100)), "in quarantine");
    }

    [Test]
    public async Task Loading_BatchesOfTheFirstLoad_EndsWhenAllOfThemAreApplied([Values] bool reopened, [Values] bool endsWithHeartbeat)
    {
        await _test.ApplyAsync(Batch(Civil, 1, Held(Ann, Name, "1")) with { Loading = true });
        Assert.That(_test.Stream(Civil).Loading, Is.True);
        var end = endsWithHeartbeat ? Batch(Civil, 4) : Batch(Civil, 3, Held(Cai, Name, "3"));
        await _test.ApplyAsync(end);
        if (reopened)
            await _test.ReopenAsync();
        Assert.That(_test.Stream(Civil).Loading, Is.True, "sequence 2 is missing");

        await _test.ApplyAsync(Batch(Civil, 2, Held(Bob, Name, "2")) with { Loading = true });
        if (endsWithHeartbeat)
        {
            await _test.ApplyAsync(Batch(Civil, 3, Held(Cai, Name, "3")) with { Loading = true });
            Assert.That(_test.Stream(Civil).Loading, Is.True, "its end came too early to count");
            await _test.ApplyAsync(end);
        }
        if (reopened)
            await _test.ReopenAsync();
        Assert.That(_test.Stream(Civil).Loading, Is.False);

        await _test.ApplyAsync(Batch(Civil, 4, Held(Ann, Name, "4")) with { Loading = true });
        Assert.That(_test.Stream(Civil).Loading, Is.False, "a load ends once");
    }

    [Test]
    public async Task Loading_NewEpoch_BeginsALoadOfItsOwn()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "1"));
        Assert.That(_test.Stream(Civil).Loading, Is.False, "a publisher that knows nothing of loads");
        await _test.ApplyAsync(Batch(Civil, 1) with { Epoch = 2, AcceptedEpoch = 2, Loading = true });
        Assert.That(_test.Stream(Civil).Loading, Is.True);
        await _test.ApplyAsync(Batch(Civil, 2, Held(Ann, Name, "2")) with { AcceptedEpoch = 1 });
        Assert.That(_test.Stream(Civil).Loading, Is.False, "the former epoch, accepted again");
    }

    [TestCase(0L, true)]
    [TestCase(638_000_000_000_000_000L, false)]
    public void Deserialize_StateFromBeforeLoadsWereMarked_IsCompleteIfItWasHeardOf(long currentAsOf, bool loading)
    {
        using var buffer = new MemoryStream();
        using var writer = new BinaryWriter(buffer);
        writer.Write((byte)1);
        writer.Write(Civil.Value);
        foreach (var number in new[] { 0, 7, 9, currentAsOf, 2 })
            writer.Write(number);
        writer.Write(1);
        foreach (var number in new[] { 5, 6, currentAsOf })
            writer.Write(number);
        writer.Flush();

        var state = StreamState.Deserialize(0, buffer.ToArray());

        Assert.That((state.Epoch, state.Announced, state.Applied.Watermark, state.Loading), Is.EqualTo(((UInt128)7, 9UL, 2UL, loading)));
        Assert.That(state.Applied.Above.Single().Loading, Is.False);
    }

    [Test]
    public async Task Reopen_GapsAndRangesAbove_AreAsTheyWere()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "1"));
        await _test.ApplyAsync(Civil, 5, Held(Ann, Name, "5"));
        await _test.ReopenAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Stream(Civil).Watermark, Is.EqualTo(1));
            Assert.That(_test.Stream(Civil).Gaps, Is.EqualTo(new[] { new SequenceGap(2, 4, Start) }));
            Assert.That(_test.Stream(Civil).CurrentAsOf, Is.EqualTo(Start));
            Assert.That(await _test.ApplyAsync(Batch(Civil, 2, [.. Enumerable.Repeat(Held(Ann, Name, "2"), 3)])), Is.EqualTo(ApplyOutcome.Applied));
            Assert.That(_test.Stream(Civil).Watermark, Is.EqualTo(5));
        }
    }
}
