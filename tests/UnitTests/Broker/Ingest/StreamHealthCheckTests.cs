using System.Text.Json;
using DataExchange.Broker.Ingest;
using DataExchange.Contracts;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

[TestFixture]
internal sealed class StreamHealthCheckTests
{
    private RefillFixture _world = null!;

    [SetUp]
    public async Task StartWorld() => _world = await RefillFixture.StartAsync();

    [TearDown]
    public async Task StopWorld() => await _world.DisposeAsync();

    [Test]
    public async Task CheckHealth_CompleteStreams_AreHealthy()
    {
        await _world.ApplyAsync(1, 2);
        _world.Clock.Advance(TimeSpan.FromSeconds(3));

        var health = await CheckAsync();

        Assert.That(health.Status, Is.EqualTo(HealthStatus.Healthy));
        Assert.That(health.Data["tax"].ToString(), Is.EqualTo("""{"watermark":2,"currentAsOfAgeSeconds":3,"missing":0}"""));
    }

    [Test]
    public async Task CheckHealth_Gap_IsDegradedWithWhatIsMissingAndWhyItStays()
    {
        _world.Adapter.Failure = ErrorReasons.OutboxTrimmed;
        await _world.ApplyAsync(1, 4);
        Assert.That((await CheckAsync()).Status, Is.EqualTo(HealthStatus.Healthy), "batches overtake each other");
        _world.Clock.Advance(RefillFixture.PastTolerance);
        _world.StartDue();
        await _world.FailedAsync(ErrorReasons.OutboxTrimmed);

        var health = await CheckAsync();

        Assert.That(health.Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(StreamOf(health, "tax"), Is.EqualTo(new StreamHealth
        {
            Watermark = 1, CurrentAsOfAgeSeconds = RefillFixture.PastTolerance.TotalSeconds, GapFrom = 2, GapSince = Noon, Missing = 2, RefillFailure = "OUTBOX_TRIMMED",
        }));
    }

    [Test]
    public async Task CheckHealth_Rejection_IsDegradedUntilItIsMended()
    {
        var wrong = Plain(2);
        wrong.Changes[0].Set.Value = null;
        await _world.ApplyAsync(1);
        await _world.Hub.ApplyAsync(wrong);

        var health = await CheckAsync();
        await _world.ApplyAsync(2);

        Assert.That(health.Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(StreamOf(health, "tax"), Has.Property(nameof(StreamHealth.RejectionReason)).EqualTo("VALUE_REFUSED")
            .And.Property(nameof(StreamHealth.RejectionFirstSequence)).EqualTo(2UL).And.Property(nameof(StreamHealth.RejectedAt)).EqualTo(Noon));
        Assert.That((await CheckAsync()).Status, Is.EqualTo(HealthStatus.Healthy));
    }

    [Test]
    public async Task CheckHealth_Quarantine_IsDegradedWithItsReason()
    {
        await _world.ApplyAsync(1);
        await _world.Hub.ApplyAsync(Plain(1, changes: 2));

        var health = await CheckAsync();

        Assert.That(health.Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(StreamOf(health, "tax"), Has.Property(nameof(StreamHealth.QuarantineReason)).EqualTo("SEQUENCE_REWRITTEN"));
    }

    [Test]
    public async Task CheckHealth_ForgedBatch_ShowsForAWhileAndAgainstNoDepartment()
    {
        await _world.Hub.Ingest.ApplyAsync(Sign(Plain(1), HousingKey), caller: null, parent: default, CancellationToken.None);

        var health = await CheckAsync();
        _world.Clock.Advance(_world.Hub.Options.Value.RejectionShown + TimeSpan.FromSeconds(1));

        Assert.That(health.Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(health.Data.Keys, Is.EqualTo(new[] { StreamHealthCheck.UnprovenKey }));
        Assert.That((await CheckAsync()).Status, Is.EqualTo(HealthStatus.Healthy));
    }

    private Task<HealthCheckResult> CheckAsync() =>
        new StreamHealthCheck(_world.Hub.Index.Streams, _world.Hub.Rejections, _world.Refill, _world.Hub.Options, _world.Clock)
            .CheckHealthAsync(new HealthCheckContext());

    private static StreamHealth StreamOf(HealthCheckResult health, string department) =>
        ((JsonElement)health.Data[department]).Deserialize<StreamHealth>(JsonSerializerOptions.Web)!;
}
