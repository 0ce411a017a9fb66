using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Ingest;
using DataExchange.Broker.Providers;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

/// <summary>Refills against an adapter behind a real listener; the hub's clock stands still unless a test moves it.</summary>
[TestFixture]
internal sealed class GapRefillTests
{
    private static readonly TimeSpan PastTolerance = TimeSpan.FromMilliseconds(501);

    private TestCertificates _certificates = null!;
    private TlsCredentials _hubTls = null!;
    private LoopbackServer _server = null!;
    private LoopbackServer _impostor = null!;
    private LogCapture _logs = null!;
    private AdapterDouble _adapter = null!;
    private FakeTimeProvider _clock = null!;
    private IngestHub _hub = null!;
    private ProviderChannels _channels = null!;
    private GapRefill _refill = null!;

    [OneTimeSetUp]
    public void MakeCertificates()
    {
        _certificates = new TestCertificates("tax", "housing");
        _hubTls = TlsCredentials.Load(_certificates.Hub);
    }

    [SetUp]
    public async Task StartHub()
    {
        _logs = new LogCapture();
        _adapter = new AdapterDouble();
        _server = await StartAsync("tax");
        _impostor = await StartAsync("housing");
        _clock = new FakeTimeProvider(Noon);
        _hub = new IngestHub(CatalogueOf(FileWith(_server.Address)), _clock);
        _channels = new ProviderChannels(_hubTls, new BrokerKeyDirectory(_hub.Catalogue), _hub.Loggers);
        _refill = new GapRefill(
            _hub.Ingest, _hub.Index.Streams, _hub.Catalogue, _channels, _hub.Options, _clock, new LoggerFactory([_logs]).CreateLogger<GapRefill>());
        for (var first = 1UL; first <= 6; first++)
            _adapter.Batches.Add(Sign(Plain(first)));
    }

    [TearDown]
    public async Task StopHub()
    {
        await _refill.StopAsync(CancellationToken.None);
        _refill.Dispose();
        _channels.Dispose();
        await _server.DisposeAsync();
        await _impostor.DisposeAsync();
        await _hub.DisposeAsync();
        _logs.VerifyNoErrors();
        _logs.Dispose();
    }

    [OneTimeTearDown]
    public void RemoveCertificates()
    {
        _hubTls.Dispose();
        _certificates.Dispose();
    }

    [Test]
    public async Task Refill_LostBatches_AreAskedForAndApplied()
    {
        await ApplyAsync(1, 3, 6);
        _clock.Advance(PastTolerance);

        Assert.That(_refill.StartDue(CancellationToken.None), Is.EqualTo(1));

        await Eventually.Async("gaps closed", () => _hub.Watermark == 6);
        Assert.That(_adapter.Asked.Select(r => (r.StreamEpoch, r.FromSequence, r.ToSequence)), Is.EqualTo(new[] { (Epoch, 2UL, 2UL), (Epoch, 4UL, 5UL) }));
        await Eventually.Async("nothing left to do", () => _refill.StartDue(CancellationToken.None) == 0 && _refill.FailureOf(Tax) is null);
    }

    [Test]
    public async Task Refill_LostTail_IsSeenByTheHeartbeat()
    {
        await ApplyAsync(1);
        await _hub.ApplyAsync(Plain(7, changes: 0));
        _clock.Advance(PastTolerance);

        _refill.StartDue(CancellationToken.None);

        await Eventually.Async("tail applied", () => _hub.Watermark == 6);
    }

    [Test]
    public async Task Refill_BatchesThatMerelyOvertookEachOther_AreNotAskedFor()
    {
        await ApplyAsync(1, 3);
        _clock.Advance(TimeSpan.FromMilliseconds(400));

        Assert.That(_refill.StartDue(CancellationToken.None), Is.Zero);

        await ApplyAsync(2);
        _clock.Advance(PastTolerance);
        Assert.That(_refill.StartDue(CancellationToken.None), Is.Zero);
    }

    [Test]
    public async Task Refill_RunningAsAService_ClosesTheGapByItself()
    {
        await ApplyAsync(1, 4);

        await _refill.StartAsync(CancellationToken.None);

        await Eventually.Async("gap closed", () =>
        {
            _clock.Advance(TimeSpan.FromMilliseconds(250));
            return _hub.Watermark == 4;
        });
    }

    [Test]
    public async Task Refill_OneBatchStillWrong_BringsTheOthersIn()
    {
        var wrong = Plain(3);
        wrong.Changes[0].Set.Attribute = "address";
        _adapter.Batches[2] = Sign(wrong);
        await ApplyAsync(1, 5);
        _clock.Advance(PastTolerance);

        _refill.StartDue(CancellationToken.None);

        await FailedAsync(ErrorReasons.AttributeNotOwned);
        Assert.That(_hub.Index.Streams.Find(Tax)!.Gaps.Select(g => (g.First, g.Last)), Is.EqualTo(new[] { (3UL, 3UL) }));
    }

    [Test]
    public async Task Refill_AfterAFailure_WaitsLongerEachTimeUntilTheCatalogueChanges()
    {
        _adapter.Failure = ErrorReasons.OutboxTrimmed;
        await ApplyAsync(1, 3);
        _clock.Advance(PastTolerance);
        for (var longest = 1; longest <= 4; longest *= 2)
        {
            Assert.That(_refill.StartDue(CancellationToken.None), Is.EqualTo(1));
            await FailedAsync(ErrorReasons.OutboxTrimmed);
            _clock.Advance(TimeSpan.FromSeconds(longest * 0.79));
            Assert.That(_refill.StartDue(CancellationToken.None), Is.Zero, "too early");
            _clock.Advance(TimeSpan.FromSeconds(longest * 0.42));
        }

        Assert.That(_refill.StartDue(CancellationToken.None), Is.EqualTo(1));
        await FailedAsync(ErrorReasons.OutboxTrimmed);
        _adapter.Failure = null;
        _hub.Catalogue.Replace(CatalogueSnapshot.Of(2, FileWith(_server.Address)));
        Assert.That(_refill.StartDue(CancellationToken.None), Is.EqualTo(1), "at once with a new catalogue");
        await Eventually.Async("gap closed", () => _hub.Watermark == 3);
    }

    [Test]
    public async Task Refill_AdapterWithoutTheBatches_IsAFailureOfTheAdapter()
    {
        _adapter.Batches.Clear();
        await ApplyAsync(1, 3);
        _clock.Advance(PastTolerance);

        _refill.StartDue(CancellationToken.None);

        await FailedAsync(ErrorReasons.ProviderFailed);
    }

    [Test]
    public async Task Refill_BatchesOfAnotherSigner_AreNotApplied()
    {
        _adapter.Batches.Clear();
        _adapter.Batches.Add(Sign(Plain(2), HousingKey));
        await ApplyAsync(1, 3);
        _clock.Advance(PastTolerance);

        _refill.StartDue(CancellationToken.None);

        await FailedAsync(ErrorReasons.SignerMismatch);
        Assert.That(_hub.Watermark, Is.EqualTo(1));
    }

    [Test]
    public async Task Refill_AdapterThatFallsSilent_IsGivenUp()
    {
        _adapter.Hangs = true;
        _adapter.Batches.Clear();
        await ApplyAsync(1, 3);
        _clock.Advance(PastTolerance);
        _refill.StartDue(CancellationToken.None);
        await Eventually.Async("asked", () => !_adapter.Asked.IsEmpty);

        _clock.Advance(_hub.Options.Value.RefillSilenceMax);

        await FailedAsync(ErrorReasons.ProviderTooSlow);
    }

    [Test]
    public async Task Refill_ServerOfAnotherDepartment_IsNotAsked()
    {
        _hub.Catalogue.Replace(CatalogueSnapshot.Of(2, FileWith(_impostor.Address)));
        await ApplyAsync(1, 3);
        _clock.Advance(PastTolerance);

        _refill.StartDue(CancellationToken.None);

        await FailedAsync(ErrorReasons.ProviderUnreachable);
        Assert.That(_adapter.Asked, Is.Empty);
    }

    [Test]
    public async Task Refill_ServerKeyWithdrawnWhileConnected_IsNotAskedAgain()
    {
        await ApplyAsync(1, 3);
        _clock.Advance(PastTolerance);
        _refill.StartDue(CancellationToken.None);
        await Eventually.Async("gap closed", () => _hub.Watermark == 3 && _refill.IsIdle);
        var withdrawn = FileWith(_server.Address) with { Keys = IngestSamples.File.Keys };
        _hub.Catalogue.Replace(CatalogueSnapshot.Of(2, withdrawn));
        await ApplyAsync(5);
        _clock.Advance(PastTolerance);

        _refill.StartDue(CancellationToken.None);

        await FailedAsync(ErrorReasons.ProviderUnreachable);
        Assert.That(_adapter.Asked, Has.Count.EqualTo(1));
    }

    [Test]
    public void Refill_NewCatalogueThatLeavesTheAdapterAlone_KeepsItsChannel()
    {
        var before = _channels.For(_hub.Catalogue.Current!.Departments[Tax]);
        _hub.Catalogue.Replace(CatalogueSnapshot.Of(2, FileWith(_server.Address)));

        Assert.That(_channels.For(_hub.Catalogue.Current!.Departments[Tax]), Is.SameAs(before));
    }

    [Test]
    public async Task Refill_NoAdapterAddress_IsAFailure()
    {
        _hub.Catalogue.Replace(CatalogueSnapshot.Of(2, IngestSamples.File));
        await ApplyAsync(1, 3);
        _clock.Advance(PastTolerance);

        _refill.StartDue(CancellationToken.None);

        await FailedAsync(ErrorReasons.ProviderUnreachable);
    }

    [Test]
    public async Task Refill_QuarantinedDepartment_IsLeftAlone()
    {
        await ApplyAsync(1, 3);
        await _hub.ApplyAsync(Plain(1, changes: 2));
        _clock.Advance(PastTolerance);

        Assert.That(_refill.StartDue(CancellationToken.None), Is.Zero);
    }

    [Test]
    public async Task Health_CompleteStreams_AreHealthy()
    {
        await ApplyAsync(1, 2);
        _clock.Advance(TimeSpan.FromSeconds(3));

        var health = await CheckAsync();

        Assert.That(health.Status, Is.EqualTo(HealthStatus.Healthy));
        Assert.That(health.Data["tax"], Is.EqualTo(new StreamHealth { Watermark = 2, CurrentAsOfAgeSeconds = 3 }));
    }

    [Test]
    public async Task Health_Gap_IsDegradedWithWhatIsMissingAndWhyItStays()
    {
        _adapter.Failure = ErrorReasons.OutboxTrimmed;
        await ApplyAsync(1, 4);
        Assert.That((await CheckAsync()).Status, Is.EqualTo(HealthStatus.Healthy), "batches overtake each other");
        _clock.Advance(PastTolerance);
        _refill.StartDue(CancellationToken.None);
        await FailedAsync(ErrorReasons.OutboxTrimmed);

        var health = await CheckAsync();

        Assert.That(health.Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(health.Data["tax"], Is.EqualTo(new StreamHealth
        {
            Watermark = 1, CurrentAsOfAgeSeconds = PastTolerance.TotalSeconds, GapFrom = 2, GapSince = Noon, Missing = 2, RefillFailure = "OUTBOX_TRIMMED",
        }));
    }

    [Test]
    public async Task Health_Rejection_IsDegradedUntilItIsMended()
    {
        var wrong = Plain(2);
        wrong.Changes[0].Set.Value = null;
        await ApplyAsync(1);
        await _hub.ApplyAsync(wrong);

        var health = await CheckAsync();
        await ApplyAsync(2);

        Assert.That(health.Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(health.Data["tax"], Has.Property(nameof(StreamHealth.RejectionReason)).EqualTo("VALUE_REFUSED")
            .And.Property(nameof(StreamHealth.RejectionFirstSequence)).EqualTo(2UL).And.Property(nameof(StreamHealth.RejectedAt)).EqualTo(Noon));
        Assert.That((await CheckAsync()).Status, Is.EqualTo(HealthStatus.Healthy));
    }

    [Test]
    public async Task Health_Quarantine_IsDegradedWithItsReason()
    {
        await ApplyAsync(1);
        await _hub.ApplyAsync(Plain(1, changes: 2));

        var health = await CheckAsync();

        Assert.That(health.Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(health.Data["tax"], Has.Property(nameof(StreamHealth.QuarantineReason)).EqualTo("SEQUENCE_REWRITTEN"));
    }

    [Test]
    public async Task Health_ForgedBatch_ShowsForAWhileAndAgainstNoDepartment()
    {
        await _hub.Ingest.ApplyAsync(Sign(Plain(1), HousingKey), caller: null, CancellationToken.None);

        var health = await CheckAsync();
        _clock.Advance(_hub.Options.Value.RejectionShown + TimeSpan.FromSeconds(1));

        Assert.That(health.Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(health.Data.Keys, Is.EqualTo(new[] { StreamHealthCheck.UnprovenKey }));
        Assert.That((await CheckAsync()).Status, Is.EqualTo(HealthStatus.Healthy));
    }

    private async Task ApplyAsync(params ulong[] firsts)
    {
        foreach (var first in firsts)
            Assert.That((await _hub.ApplyAsync(Plain(first))).Result, Is.EqualTo(BatchResult.Applied));
    }

    private Task<ErrorReason?> FailedAsync(ErrorReason reason) =>
        Eventually.Async($"failed with {reason}", () => Task.FromResult(_refill.IsIdle ? _refill.FailureOf(Tax) : null), seen => seen == reason);

    private Task<HealthCheckResult> CheckAsync() =>
        new StreamHealthCheck(_hub.Index.Streams, _hub.Rejections, _refill, _hub.Options, _clock).CheckHealthAsync(new HealthCheckContext());

    private Task<LoopbackServer> StartAsync(string department) => LoopbackServer.StartAsync<AdapterDouble>(
        _certificates.Department(department), new AdapterDouble.OpenDoor(), _logs, services => services.AddSingleton(_adapter));

    private CatalogueFile FileWith(Uri adapter) => IngestSamples.File with
    {
        Keys = [.. IngestSamples.File.Keys, LoopbackServer.KeyOf(_certificates, Tax), LoopbackServer.KeyOf(_certificates, Housing)],
        Departments = [new(Tax, "Tax", adapter.ToString()), .. IngestSamples.File.Departments.Skip(1)],
    };
}
