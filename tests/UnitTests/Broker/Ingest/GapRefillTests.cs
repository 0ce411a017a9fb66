using DataExchange.Contracts;
using DataExchange.Testing;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

[TestFixture]
internal sealed class GapRefillTests
{
    private RefillFixture _world = null!;

    [SetUp]
    public async Task StartWorld() => _world = await RefillFixture.StartAsync();

    [TearDown]
    public async Task StopWorld() => await _world.DisposeAsync();

    [Test]
    public async Task Refill_LostBatches_AreAskedForAndApplied()
    {
        await _world.ApplyAsync(1, 3, 6);
        _world.Clock.Advance(RefillFixture.PastTolerance);

        Assert.That(_world.StartDue(), Is.EqualTo(1));

        await Eventually.Async("gaps closed", () => _world.Hub.Watermark == 6);
        Assert.That(_world.Adapter.Asked.Select(r => (r.StreamEpoch, r.FromSequence, r.ToSequence)), Is.EqualTo(new[] { (Epoch, 2UL, 2UL), (Epoch, 4UL, 5UL) }));
        await Eventually.Async("nothing left to do", () => _world.StartDue() == 0 && _world.Refill.FailureOf(Tax) is null);
    }

    [Test]
    public async Task Refill_LostTail_IsSeenByTheHeartbeat()
    {
        await _world.ApplyAsync(1);
        await _world.Hub.ApplyAsync(Plain(7, changes: 0));
        _world.Clock.Advance(RefillFixture.PastTolerance);

        _world.StartDue();

        await Eventually.Async("tail applied", () => _world.Hub.Watermark == 6);
    }

    [Test]
    public async Task Refill_BatchesThatMerelyOvertookEachOther_AreNotAskedFor()
    {
        await _world.ApplyAsync(1, 3);
        _world.Clock.Advance(TimeSpan.FromMilliseconds(400));

        Assert.That(_world.StartDue(), Is.Zero);

        await _world.ApplyAsync(2);
        _world.Clock.Advance(RefillFixture.PastTolerance);
        Assert.That(_world.StartDue(), Is.Zero);
    }

    [Test]
    public async Task Refill_RunningAsAService_ClosesTheGapByItself()
    {
        await _world.ApplyAsync(1, 4);

        await _world.Refill.StartAsync(CancellationToken.None);

        await Eventually.Async("gap closed", () =>
        {
            _world.Clock.Advance(TimeSpan.FromMilliseconds(250));
            return _world.Hub.Watermark == 4;
        });
    }

    [Test]
    public async Task Refill_OneBatchStillWrong_BringsTheOthersIn()
    {
        var wrong = Plain(3);
        wrong.Changes[0].Set.Attribute = "address";
        _world.Adapter.Batches[2] = Sign(wrong);
        await _world.ApplyAsync(1, 5);
        _world.Clock.Advance(RefillFixture.PastTolerance);

        _world.StartDue();

        await _world.FailedAsync(ErrorReasons.AttributeNotOwned);
        Assert.That(_world.Hub.Index.Streams.Find(Tax)!.Gaps.Select(g => (g.First, g.Last)), Is.EqualTo(new[] { (3UL, 3UL) }));
    }

    [Test]
    public async Task Refill_AfterAFailure_WaitsLongerEachTimeUntilTheCatalogueChanges()
    {
        _world.Adapter.Failure = ErrorReasons.OutboxTrimmed;
        await _world.ApplyAsync(1, 3);
        _world.Clock.Advance(RefillFixture.PastTolerance);
        for (var longest = 1; longest <= 4; longest *= 2)
        {
            Assert.That(_world.StartDue(), Is.EqualTo(1));
            await _world.FailedAsync(ErrorReasons.OutboxTrimmed);
            _world.Clock.Advance(TimeSpan.FromSeconds(longest * 0.79));
            Assert.That(_world.StartDue(), Is.Zero, "too early");
            _world.Clock.Advance(TimeSpan.FromSeconds(longest * 0.42));
        }

        Assert.That(_world.StartDue(), Is.EqualTo(1));
        await _world.FailedAsync(ErrorReasons.OutboxTrimmed);
        _world.Adapter.Failure = null;
        _world.Publish(2, _world.FileWith(_world.AdapterAddress));
        Assert.That(_world.StartDue(), Is.EqualTo(1), "at once with a new catalogue");
        await Eventually.Async("gap closed", () => _world.Hub.Watermark == 3);
    }

    [Test]
    public async Task Refill_AdapterWithoutTheBatches_IsAFailureOfTheAdapter()
    {
        _world.Adapter.Batches.Clear();
        await _world.ApplyAsync(1, 3);
        _world.Clock.Advance(RefillFixture.PastTolerance);

        _world.StartDue();

        await _world.FailedAsync(ErrorReasons.ProviderFailed);
    }

    [Test]
    public async Task Refill_BatchesOfAnotherSigner_AreNotApplied()
    {
        _world.Adapter.Batches.Clear();
        _world.Adapter.Batches.Add(Sign(Plain(2), HousingKey));
        await _world.ApplyAsync(1, 3);
        _world.Clock.Advance(RefillFixture.PastTolerance);

        _world.StartDue();

        await _world.FailedAsync(ErrorReasons.SignerMismatch);
        Assert.That(_world.Hub.Watermark, Is.EqualTo(1));
    }

    [Test]
    public async Task Refill_AdapterThatFallsSilent_IsGivenUp()
    {
        _world.Adapter.Hangs = true;
        _world.Adapter.Batches.Clear();
        await _world.ApplyAsync(1, 3);
        _world.Clock.Advance(RefillFixture.PastTolerance);
        _world.StartDue();
        await Eventually.Async("asked", () => !_world.Adapter.Asked.IsEmpty);

        _world.Clock.Advance(_world.Hub.Options.Value.RefillSilenceMax);

        await _world.FailedAsync(ErrorReasons.ProviderTooSlow);
    }

    [Test]
    public async Task Refill_ServerOfAnotherDepartment_IsNotAsked()
    {
        _world.Publish(2, _world.FileWith(_world.ImpostorAddress));
        await _world.ApplyAsync(1, 3);
        _world.Clock.Advance(RefillFixture.PastTolerance);

        _world.StartDue();

        await _world.FailedAsync(ErrorReasons.ProviderUnreachable);
        Assert.That(_world.Adapter.Asked, Is.Empty);
    }

    [Test]
    public async Task Refill_ServerKeyWithdrawnWhileConnected_IsNotAskedAgain()
    {
        await _world.ApplyAsync(1, 3);
        _world.Clock.Advance(RefillFixture.PastTolerance);
        _world.StartDue();
        await Eventually.Async("gap closed", () => _world.Hub.Watermark == 3 && _world.Refill.IsIdle);
        var withdrawn = _world.FileWith(_world.AdapterAddress) with { Keys = IngestSamples.File.Keys };
        _world.Publish(2, withdrawn);
        await _world.ApplyAsync(5);
        _world.Clock.Advance(RefillFixture.PastTolerance);

        _world.StartDue();

        await _world.FailedAsync(ErrorReasons.ProviderUnreachable);
        Assert.That(_world.Adapter.Asked, Has.Count.EqualTo(1));
    }

    [Test]
    public void Refill_NewCatalogueThatLeavesTheAdapterAlone_KeepsItsChannel()
    {
        var before = _world.Channels.For(_world.Hub.Catalogue.Current!.Departments[Tax]);
        _world.Publish(2, _world.FileWith(_world.AdapterAddress));

        Assert.That(_world.Channels.For(_world.Hub.Catalogue.Current!.Departments[Tax]), Is.SameAs(before));
    }

    [Test]
    public async Task Refill_NoAdapterAddress_IsAFailure()
    {
        _world.Publish(2, IngestSamples.File);
        await _world.ApplyAsync(1, 3);
        _world.Clock.Advance(RefillFixture.PastTolerance);

        _world.StartDue();

        await _world.FailedAsync(ErrorReasons.ProviderUnreachable);
    }

    [Test]
    public async Task Refill_QuarantinedDepartment_IsLeftAlone()
    {
        await _world.ApplyAsync(1, 3);
        await _world.Hub.ApplyAsync(Plain(1, changes: 2));
        _world.Clock.Advance(RefillFixture.PastTolerance);

        Assert.That(_world.StartDue(), Is.Zero);
    }
}
