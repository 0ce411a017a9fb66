using System.Security.Cryptography;
using DataExchange.Adapter;
using DataExchange.Contracts;
using DataExchange.Testing;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

/// <summary>The relay and the ingress publisher against a real gRPC ingress on loopback.</summary>
[TestFixture]
internal sealed class ChangeRelayTests
{
    private static readonly ByteString OtherEpoch = ByteString.CopyFrom(new byte[WireLimits.EpochBytes]);

    private readonly FakeLogger<ChangeRelay> _logger = new();
    private ECDsa _key = null!;
    private TempFolder _folder = null!;
    private Outbox _outbox = null!;
    private FakeHub _hub = null!;
    private IngressBatchPublisher _publisher = null!;
    private AdapterProgress _progress = null!;
    private AdapterStatus _status = null!;
    private BatchSigner _signer = null!;
    private ChangeRelay? _relay;

    [SetUp]
    public async Task SetUp()
    {
        _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _signer = new BatchSigner(ECDsa.Create(_key.ExportParameters(true)));
        _folder = new TempFolder();
        _outbox = Outbox.Open(_folder["outbox.db"], Sample.Department);
        _hub = await FakeHub.StartAsync(_key);
        _publisher = new IngressBatchPublisher(_hub.Client);
        _progress = new AdapterProgress();
        _status = new AdapterStatus { CurrentAsOf = DateTimeOffset.UnixEpoch.AddYears(50) };
        _logger.Collector.Clear();
    }

    [TearDown]
    public async Task TearDown()
    {
        if (_relay is not null)
            await _relay.StopAsync(CancellationToken.None);
        _relay?.Dispose();
        _relay = null;
        await _publisher.DisposeAsync();
        await _hub.DisposeAsync();
        _outbox.Dispose();
        _folder.Dispose();
        _signer.Dispose();
        _key.Dispose();
    }

    [Test]
    public async Task Outbox_Filled_ArrivesInOrderSignedAndIsTrimmedBehindTheWatermark()
    {
        Sample.Fill(_outbox, 3, 1, 2);
        var payloads = Stored();
        await StartAsync();
        await CurrentAsync();
        Sample.Fill(_outbox, 5, 5);
        await CurrentAsync();

        Assert.That(_hub.Script.Received.Select(b => b.FirstSequence), Is.EqualTo(new[] { 1UL, 4UL, 5UL, 7UL, 12UL }));
        Assert.That(_hub.Script.Applied.Take(3), Is.EqualTo(payloads));
        await Eventually.Async("the outbox is trimmed", () => _outbox.FirstSequence == 17);
        Assert.That((_outbox.RelayCheckpoint, _outbox.HubWatermark, _outbox.Bytes), Is.EqualTo((16UL, 16UL, 0L)));
        Assert.That(_progress.Figures, Is.EqualTo(new AdapterFigures(6, 16, 16, 16, HubLoaded: true, SourceExhausted: false)));
    }

    [Test]
    public async Task Hub_StandsStill_NoMoreThanTheWindowIsPublishedAheadOfItsWatermark()
    {
        _hub.Script.WatermarkMax = 4;
        Sample.Fill(_outbox, [.. Enumerable.Repeat(2, 20)]);

        await StartAsync(options => (options.WindowBatches, options.InFlightBatchesMax) = (5, 3));
        await Eventually.Async("the window is full", () => _status.WindowFull && _hub.Script.Received.Count == 7);
        Assert.That(_outbox.FirstSequence, Is.LessThanOrEqualTo(5UL), "nothing above the watermark is trimmed");

        _hub.Script.WatermarkMax = 10;
        await Eventually.Async("the window has moved", () => _hub.Script.Received.Count == 10 && _status.WindowFull);
        _hub.Script.WatermarkMax = ulong.MaxValue;
        await CurrentAsync();

        Assert.That(_hub.Script.Received, Has.Count.EqualTo(20));
        Assert.That(_status.WindowFull, Is.False);
    }

    [Test]
    public async Task Hub_DoesNotAnswer_NoMoreThanAllowedIsUnderWayAndTheCheckpointStands()
    {
        _hub.Script.AnswersMax = 0;
        Sample.Fill(_outbox, [.. Enumerable.Repeat(1, 20)]);

        await StartAsync(options => options.InFlightBatchesMax = 4);
        await Eventually.Async("a batch waits for its answer", () => _hub.Script.Received.Count >= 1 && _status.UnconfirmedSince is not null);
        Assert.That(_progress.Figures.ConfirmedSequence, Is.Zero);
        Assert.That(_outbox.RelayCheckpoint, Is.Zero);

        _hub.Script.AnswersMax = int.MaxValue;
        await CurrentAsync();
    }

    [Test]
    public async Task Hub_NeverAnswers_TheConnectionIsDroppedAndTheSameBytesAreSentAgain()
    {
        _hub.Script.AnswersMax = 0;
        Sample.Fill(_outbox, 2, 2);

        await StartAsync(options => options.PublishTimeout = TimeSpan.FromMilliseconds(200));
        await Eventually.Async("another connection was made", () => _hub.Script.Connections >= 2);
        _hub.Script.AnswersMax = int.MaxValue;
        await CurrentAsync();

        Assert.That(_hub.Script.Rewritten, Is.Null);
        Assert.That(LogNames(), Has.Some.EqualTo("PublishFailed"));
    }

    [Test]
    public async Task Hub_EndedBeforeItsAnswerLeft_TheBatchIsSentAgainByteIdenticalAndTheRestFollows()
    {
        Sample.Fill(_outbox, [.. Enumerable.Repeat(2, 30)]);
        var payloads = Stored();
        _hub.Script.AnswersMax = 11;
        await StartAsync(options => options.InFlightBatchesMax = 5);
        await Eventually.Async("the twelfth is taken and not answered", () => _hub.Script.Received.Count == 12);

        _hub = await _hub.RestartAsync();
        _hub.Script.AnswersMax = int.MaxValue;
        await CurrentAsync();

        Assert.That(_hub.Script.Applied, Is.EqualTo(payloads));
        Assert.That(_hub.Script.Rewritten, Is.Null);
        Assert.That(_hub.Script.Received.Select(b => b.FirstSequence).Distinct().Count(), Is.EqualTo(30));
        await Eventually.Async("all is well", () => _status is { Relay: RelayStage.Publishing, RelayProblem: null });
    }

    [Test]
    public async Task Adapter_RestartedWithEverythingApplied_PublishesNothingAgain()
    {
        Sample.Fill(_outbox, 3, 3);
        await StartAsync();
        await CurrentAsync();
        await RestartRelayAsync();
        await Eventually.Async("the hub was asked", () => _status.Relay == RelayStage.Publishing && _progress.Figures.HubWatermark == 6);
        Sample.Fill(_outbox, 1);
        await CurrentAsync();

        Assert.That(_hub.Script.Received.Select(b => b.FirstSequence), Is.EqualTo(new[] { 1UL, 4UL, 7UL }));
    }

    [Test]
    public async Task Store_SetBackInTime_NothingIsPublishedEvenAfterItHasGrownPastTheHub()
    {
        Sample.Fill(_outbox, 3);
        _hub.Script.Knows(_outbox.Epoch, 5);
        ReopenOutbox();
        // The source gives again what the restored store has forgotten, before the hub is asked.
        Sample.Fill(_outbox, 4);

        await StartAsync();
        await Eventually.Async("the relay has stopped", () => _status.Relay == RelayStage.RolledBack);
        await Eventually.Async("and looked again", () => LogNames().Contains("OutboxRolledBack"));

        Assert.That(_hub.Script.Received, Is.Empty);
        Assert.That(_hub.Script.Heartbeats, Is.Empty);
        Assert.That(_outbox.OfferedSequence, Is.EqualTo(3UL), "what was appended since is shown to nobody");
        Assert.That(_status.RelayProblem, Is.Not.Null);
    }

    [Test]
    public async Task Hub_InAnotherEpochAfterKnowingThisOne_NothingIsPublished()
    {
        Sample.Fill(_outbox, 3);
        _outbox.Trim(3, 3, 0);
        Sample.Fill(_outbox, 1);
        _hub.Script.Knows(OtherEpoch, 9);

        await StartAsync();
        await Eventually.Async("the relay has stopped", () => _status.Relay == RelayStage.RolledBack);

        Assert.That(_hub.Script.Received, Is.Empty);
    }

    [Test]
    public async Task Store_New_IsQuarantinedUntilItsEpochIsAcceptedThenEverythingIsPublished()
    {
        Sample.Fill(_outbox, 3, 3);
        _hub.Script.Knows(OtherEpoch, 9);

        await StartAsync();
        await Eventually.Async("the relay has stopped", () => _status.Relay == RelayStage.Quarantined);
        Assert.That(_progress.Figures.ConfirmedSequence, Is.Zero);
        Assert.That(_outbox.RelayCheckpoint, Is.Zero);

        _hub.Script.Accepted = _outbox.Epoch;
        await CurrentAsync();

        Assert.That(_hub.Script.Epoch, Is.EqualTo(_outbox.Epoch));
        Assert.That(_status.Relay, Is.EqualTo(RelayStage.Publishing));
        Assert.That(LogNames(), Has.Exactly(1).EqualTo("Quarantined"));
    }

    [Test]
    public async Task Hub_RefusesABatch_LaterOnesAreStillPublishedAndItIsSentAgainOnceMended()
    {
        _hub.Script.Rejects[3] = ErrorReasons.ValueRefused.Name;
        Sample.Fill(_outbox, 2, 2, 2);

        await StartAsync(options => options.StallInterval = TimeSpan.FromSeconds(1));
        await Eventually.Async("the refusal shows", () => _status.Rejected is { FirstSequence: 3, Reason: "VALUE_REFUSED" });
        await Eventually.Async("the later batch is there", () => _hub.Script.Received.Any(b => b.FirstSequence == 5));
        Assert.That(_outbox.FirstSequence, Is.LessThanOrEqualTo(3UL));

        _hub.Script.Rejects.Clear();
        await CurrentAsync();
        await Eventually.Async("the refusal is over", () => _status.Rejected is null);
    }

    [Test]
    public async Task Hub_DoesNotKnowTheKey_SaysSoAndGoesOnTrying()
    {
        using var otherKey = new BatchSigner(ECDsa.Create(ECCurve.NamedCurves.nistP256));
        Sample.Fill(_outbox, 1);

        await StartAsync(signer: otherKey);

        await Eventually.Async("the reason is told", () => _status.RelayProblem?.Contains("SIGNATURE_INVALID", StringComparison.Ordinal) == true);
        await Eventually.Async("it is tried again", () => _hub.Script.Connections >= 2);
        Assert.That(_outbox.RelayCheckpoint, Is.Zero);
    }

    [Test]
    public async Task Idle_SourceReadToItsEnd_HeartbeatsSayHowCurrentTheStreamIsAndAreNotCounted()
    {
        Sample.Fill(_outbox, 3);
        await StartAsync(options => options.HeartbeatInterval = TimeSpan.FromMilliseconds(100));
        await CurrentAsync();
        await Eventually.Async("two heartbeats are there", () => _hub.Script.Heartbeats.Count(b => b.FirstSequence == 4) >= 2);

        var heartbeat = _hub.Script.Heartbeats[^1];
        Assert.That(heartbeat.PackedAt.ToDateTimeOffset(), Is.EqualTo(_status.CurrentAsOf));
        Assert.That((heartbeat.Department, heartbeat.StreamEpoch), Is.EqualTo((Sample.Department.Value, _outbox.Epoch)));
        Assert.That((_outbox.LastSequence, _progress.Figures.Published), Is.EqualTo((3UL, 3UL)));
    }

    [Test]
    public async Task Idle_SourceNeverReadToItsEnd_NothingIsSaidAboutNow()
    {
        _status.CurrentAsOf = null;
        Sample.Fill(_outbox, 3);
        await StartAsync(options => options.HeartbeatInterval = TimeSpan.FromMilliseconds(100));
        await CurrentAsync();
        await Eventually.Async("it was idle for long enough", () => _outbox.HubWatermark == 3);
        _status.CurrentAsOf = DateTimeOffset.UnixEpoch.AddYears(51);

        await Eventually.Async("the first heartbeat is there", () => _hub.Script.Heartbeats.Count > 0);
        Assert.That(_hub.Script.Heartbeats[0].PackedAt.ToDateTimeOffset(), Is.EqualTo(DateTimeOffset.UnixEpoch.AddYears(51)));
    }

    [Test]
    public async Task FirstLoad_Ends_IsSaidWithoutWaitingForTheNextHeartbeat()
    {
        Sample.Fill(_outbox, 3);
        await StartAsync(options => options.HeartbeatInterval = TimeSpan.FromMinutes(10));
        await CurrentAsync();
        Assert.That(_hub.Script.Heartbeats, Is.Empty);

        _outbox.EndLoad();

        await Eventually.Async("it is said", () => _hub.Script.Heartbeats.Count == 1);
        Assert.That((_hub.Script.Heartbeats[0].FirstSequence, _hub.Script.Heartbeats[0].Loading), Is.EqualTo((4UL, false)));
    }

    [Test]
    public async Task Hub_RestoredBehindWhatIsKept_SaysWhichSequencesAreMissing()
    {
        Sample.Fill(_outbox, 3, 3);
        _outbox.Trim(6, 6, 0);
        Sample.Fill(_outbox, 1);
        ReopenOutbox();
        _hub.Script.Knows(_outbox.Epoch, 4);

        await StartAsync();
        await Eventually.Async("the problem shows", () => _status.TrimmedProblem == "The hub needs sequences from 5, the outbox keeps them from 7");
    }

    private async Task StartAsync(Action<DepartmentAdapterOptions>? change = null, BatchSigner? signer = null)
    {
        var options = Sample.Options(o =>
        {
            o.HeartbeatInterval = TimeSpan.FromMilliseconds(200);
            o.WatermarkInterval = TimeSpan.FromMilliseconds(10);
            o.RetryDelayMax = TimeSpan.FromMilliseconds(300);
            change?.Invoke(o);
        });
        _relay = new ChangeRelay(_outbox, signer ?? _signer, _publisher, _hub.Client, options, _progress, _status, TimeProvider.System, _logger);
        await _relay.StartAsync(CancellationToken.None);
    }

    private async Task RestartRelayAsync()
    {
        await _relay!.StopAsync(CancellationToken.None);
        _relay.Dispose();
        _progress = new AdapterProgress();
        _status = new AdapterStatus();
        ReopenOutbox();
        await StartAsync();
    }

    private void ReopenOutbox()
    {
        _outbox.Dispose();
        _outbox = Outbox.Open(_folder["outbox.db"], Sample.Department);
    }

    private List<byte[]> Stored()
    {
        _outbox.OfferEverything();
        return [.. Sample.All(_outbox).Select(b => b.Payload)];
    }

    private Task<AdapterFigures> CurrentAsync() =>
        _progress.WhenAsync(f => f.HubWatermark == _outbox.LastSequence && f.ConfirmedSequence == _outbox.LastSequence, CancellationToken.None).WaitAsync(Eventually.DefaultTimeout);

    private IEnumerable<string?> LogNames() => _logger.Collector.GetSnapshot().Select(r => r.Id.Name);
}
