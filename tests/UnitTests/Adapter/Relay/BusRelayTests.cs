using System.Collections.Concurrent;
using System.Security.Cryptography;
using DataExchange.Adapter;
using DataExchange.Testing;
using Microsoft.Extensions.Logging.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

/// <summary>What differs when a bus lies between: its confirmation does not speak for the hub.</summary>
[TestFixture]
internal sealed class BusRelayTests
{
    private readonly FakeLogger<ChangeRelay> _logger = new();
    private ECDsa _key = null!;
    private TempFolder _folder = null!;
    private Outbox _outbox = null!;
    private FakeHub _hub = null!;
    private ScriptedBus _bus = null!;
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
        _bus = new ScriptedBus();
        (_progress, _status) = (new AdapterProgress(), new AdapterStatus());
    }

    [TearDown]
    public async Task TearDown()
    {
        await StopRelayAsync();
        await _hub.DisposeAsync();
        _outbox.Dispose();
        _folder.Dispose();
        _signer.Dispose();
        _key.Dispose();
    }

    [Test]
    public async Task Confirmed_NotYetApplied_IsKeptCheckpointedAndNotPublishedAgainAfterARestart()
    {
        Sample.Fill(_outbox, 2, 2, 2);
        await StartAsync();
        await ConfirmedAsync(6);
        await StopRelayAsync();
        Assert.That((_outbox.RelayCheckpoint, _outbox.FirstSequence), Is.EqualTo((6UL, 1UL)));

        _outbox.Dispose();
        _outbox = Outbox.Open(_folder["outbox.db"], Sample.Department);
        Sample.Fill(_outbox, 2);
        await StartAsync();
        await ConfirmedAsync(8);

        Assert.That(_bus.Published.Select(p => p.First), Is.EqualTo(new[] { 1UL, 3UL, 5UL, 7UL }));
    }

    [Test]
    public async Task Restarted_WithTheWindowFull_PublishesNothingMore()
    {
        Sample.Fill(_outbox, [.. Enumerable.Repeat(1, 10)]);
        await StartAsync(options => options.WindowBatches = options.InFlightBatchesMax = 4);
        await Eventually.Async("the window is full", () => _status.WindowFull && _progress.Figures.ConfirmedSequence == 4);
        await StopRelayAsync();
        _status = new AdapterStatus();
        await StartAsync(options => options.WindowBatches = options.InFlightBatchesMax = 4);
        await Eventually.Async("the window is still full", () => _status.WindowFull);

        Assert.That(_bus.Published, Has.Count.EqualTo(4));
    }

    [Test]
    public async Task Lost_OnTheBus_IsPublishedAgainByteIdenticalOnceTheWatermarkHasStoodStill()
    {
        Sample.Fill(_outbox, 2, 2);
        await StartAsync(options => options.StallInterval = TimeSpan.FromSeconds(1));
        await ConfirmedAsync(4);
        await Eventually.Async("it is published again", () => _bus.Published.Count >= 4);
        _bus.DeliverTo(_hub.Script);
        await Eventually.Async("the hub has it all", () => _progress.Figures.HubWatermark == 4);

        Assert.That(_bus.Published.GroupBy(p => p.First).Select(g => g.Select(p => p.Batch.Payload).Distinct().Count()), Has.All.EqualTo(1));
        Assert.That(_logger.Collector.GetSnapshot().Select(r => r.Id.Name), Has.Some.EqualTo("ConfirmedIsMissing"));
    }

    [Test]
    public async Task Hub_AwayWhileTheBusTakesBatches_PublishingGoesOnAndHealthKnows()
    {
        Sample.Fill(_outbox, 2);
        await StartAsync();
        await ConfirmedAsync(2);
        await _hub.StopAsync();
        await Eventually.Async("the hub is missed", () => _status.HubProblem is not null);

        Sample.Fill(_outbox, 2);
        await ConfirmedAsync(4);

        Assert.That(_status.Relay, Is.EqualTo(RelayStage.Publishing));
    }

    [Test]
    public async Task Bus_Fails_TheCheckpointStandsAndTheBatchIsPublishedAgain()
    {
        _bus.Fails = true;
        Sample.Fill(_outbox, 2);
        await StartAsync();
        await Eventually.Async("it was tried and told", () => _bus.Published.Count >= 2 && _status is { Relay: RelayStage.Retrying, RelayProblem: "The hub or the bus failed: NoQueue" });
        Assert.That((_progress.Figures.ConfirmedSequence, _outbox.RelayCheckpoint), Is.EqualTo((0UL, 0UL)));

        _bus.Fails = false;
        await ConfirmedAsync(2);
    }

    private async Task StartAsync(Action<DepartmentAdapterOptions>? change = null)
    {
        var options = Sample.Options(o =>
        {
            o.WatermarkInterval = TimeSpan.FromMilliseconds(10);
            o.RetryDelayMax = TimeSpan.FromMilliseconds(300);
            o.HeartbeatInterval = TimeSpan.FromMilliseconds(200);
            change?.Invoke(o);
        });
        _relay = new ChangeRelay(_outbox, _signer, _bus, _hub.Client, options, _progress, _status, TimeProvider.System, _logger);
        await _relay.StartAsync(CancellationToken.None);
    }

    private async Task StopRelayAsync()
    {
        if (_relay is not null)
            await _relay.StopAsync(CancellationToken.None);
        _relay?.Dispose();
        _relay = null;
    }

    private Task<AdapterFigures> ConfirmedAsync(ulong sequence) =>
        _progress.WhenAsync(f => f.ConfirmedSequence >= sequence, CancellationToken.None).WaitAsync(Eventually.DefaultTimeout);

    /// <summary>Confirms everything, and delivers it only where a test says so.</summary>
    private sealed class ScriptedBus : IBatchPublisher
    {
        private HubScript? _hub;

        public bool ConfirmsForHub => false;

        public volatile bool Fails;

        public ConcurrentQueue<(ulong First, Wire.SignedChangeBatch Batch)> Published { get; } = new();

        /// <summary>What was published so far and what follows.</summary>
        public void DeliverTo(HubScript hub)
        {
            _hub = hub;
            foreach (var (_, batch) in Published)
                hub.Take(batch);
        }

        public Task<PublishConfirmation> PublishAsync(ulong firstSequence, Wire.SignedChangeBatch batch, CancellationToken cancellationToken)
        {
            Published.Enqueue((firstSequence, batch));
            if (Fails)
                return Task.FromException<PublishConfirmation>(new PublishFailedException("NoQueue"));
            _hub?.Take(batch);
            return Task.FromResult<PublishConfirmation>(default);
        }

        public ValueTask ResetAsync() => ValueTask.CompletedTask;
    }
}
