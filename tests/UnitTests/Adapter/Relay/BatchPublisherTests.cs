using System.Collections.Concurrent;
using System.Security.Cryptography;
using DataExchange.Adapter;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

/// <summary>The contract of <see cref="IBatchPublisher"/>, over both ways to the hub.</summary>
[TestFixture(Way.Ingress)]
[TestFixture(Way.Bus)]
internal sealed class BatchPublisherTests(BatchPublisherTests.Way way)
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly Stack<IAsyncDisposable> _owned = new();
    private BatchSigner _signer = null!;
    private IBatchPublisher _publisher = null!;
    private Func<IReadOnlyCollection<ulong>> _arrived = null!;

    public enum Way
    {
        Ingress,
        Bus,
    }

    [SetUp]
    public async Task SetUp()
    {
        _signer = new BatchSigner(ECDsa.Create(_key.ExportParameters(true)));
        await (way == Way.Ingress ? StartIngressAsync() : StartBusAsync());
    }

    [TearDown]
    public async Task TearDown()
    {
        while (_owned.TryPop(out var owned))
            await owned.DisposeAsync();
        _signer.Dispose();
    }

    [OneTimeTearDown]
    public void DisposeKey() => _key.Dispose();

    [Test]
    public async Task Publish_ManyUnderWay_AllAreConfirmedAndHaveArrived()
    {
        var confirmations = await Task.WhenAll(Enumerable.Range(1, 50).Select(n => Publish((ulong)n))).WaitAsync(Eventually.DefaultTimeout);

        var expected = _publisher.ConfirmsForHub ? Wire.BatchResult.Applied : Wire.BatchResult.Unspecified;
        Assert.That(confirmations.Select(c => c.Result), Has.All.EqualTo(expected));
        await Eventually.Async("all have arrived", () => _arrived().Order().SequenceEqual(Enumerable.Range(1, 50).Select(n => (ulong)n)));
    }

    [Test]
    public async Task Reset_BetweenTwoPublishes_TheNextMakesItsOwnConnection()
    {
        await Publish(1).WaitAsync(Eventually.DefaultTimeout);
        await _publisher.ResetAsync();
        await _publisher.ResetAsync();

        await Publish(2).WaitAsync(Eventually.DefaultTimeout);

        await Eventually.Async("both have arrived", () => _arrived().Order().SequenceEqual([1UL, 2UL]));
    }

    [Test]
    public async Task Reset_WithPublishesUnderWay_NoneIsLeftPending()
    {
        var pending = Enumerable.Range(1, 50).Select(n => Publish((ulong)n)).ToList();

        await _publisher.ResetAsync();

        await Task.WhenAll(pending).ContinueWith(_ => { }, TaskScheduler.Default).WaitAsync(Eventually.DefaultTimeout);
        Assert.That(pending.Select(p => p.IsCompleted), Has.All.True);
    }

    private Task<PublishConfirmation> Publish(ulong sequence)
    {
        var payload = new Wire.ChangeBatch { Department = Sample.Department.Value, FirstSequence = sequence, Changes = { Sample.Change((int)sequence) } };
        return _publisher.PublishAsync(sequence, _signer.Sign(Google.Protobuf.MessageExtensions.ToByteArray(payload)), CancellationToken.None);
    }

    private async Task StartIngressAsync()
    {
        var hub = await FakeHub.StartAsync(_key);
        _owned.Push(hub);
        var publisher = new IngressBatchPublisher(hub.Client);
        _owned.Push(publisher);
        _publisher = publisher;
        _arrived = () => [.. hub.Script.Received.Select(b => b.FirstSequence)];
    }

    private async Task StartBusAsync()
    {
        var arrived = new ConcurrentQueue<ulong>();
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(arrived);
        builder.Services.AddExchangeBus(builder.Configuration, bus => bus.AddConsumer<Collector>());
        var host = builder.Build();
        await host.StartAsync();
        _owned.Push((IAsyncDisposable)host);
        _publisher = new BusBatchPublisher(host.Services.GetRequiredService<ReliablePublisher>());
        _arrived = () => arrived;
    }

    internal sealed class Collector(ConcurrentQueue<ulong> arrived) : IConsumer<ChangeBatchMessage>
    {
        public Task Consume(ConsumeContext<ChangeBatchMessage> context)
        {
            var signed = Wire.SignedChangeBatch.Parser.ParseFrom(context.Message.SignedBatch);
            arrived.Enqueue(Wire.ChangeBatch.Parser.ParseFrom(signed.Payload).FirstSequence);
            return Task.CompletedTask;
        }
    }
}
