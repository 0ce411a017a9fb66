using System.Collections.Concurrent;
using System.Diagnostics;
using DataExchange.Broker;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Ingest;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Google.Protobuf;
using MassTransit;
using MassTransit.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

[TestFixture]
internal sealed class ChangeBatchConsumerTests
{
    [Test]
    public async Task Consume_WrongBatchAmongGoodOnes_FailsAloneAndTheOthersAreApplied()
    {
        await using var hub = new IngestHub();
        await using var services = await StartAsync(hub);
        var harness = services.GetTestHarness();
        var poison = Plain(50);
        poison.Changes[0].Set.Attribute = "address";

        for (var first = 1UL; first <= 100; first++)
            await harness.Bus.Publish(Message(first == 50 ? poison : Plain(first)));
        await harness.Bus.Publish(new ChangeBatchMessage { SignedBatch = [0xFF] });

        await Eventually.Async("all but one applied", () => hub.Income()?.Sequence == 100 && Gaps(hub) is [(50, 50)]);
        var consumer = services.GetRequiredService<IConsumerTestHarness<ChangeBatchConsumer>>();
        var failed = await Eventually.Async(
            "both wrong batches failed",
            () => Task.FromResult(consumer.Consumed.Select<ChangeBatchMessage>(Now).Where(consumed => consumed.Exception is not null).ToList()),
            list => list.Count == 2);
        Assert.Multiple(() =>
        {
            Assert.That(failed.Select(f => f.Exception), Has.All.InstanceOf<BatchRefusedException>());
            Assert.That(failed.Select(f => f.Exception.Message), Has.Some.StartsWith("ATTRIBUTE_NOT_OWNED: changes[0].set.attribute"));
            Assert.That(failed.Select(f => f.Exception.Message), Has.Some.StartsWith("BATCH_MALFORMED"));
        });
    }

    [Test]
    public async Task Consume_HubNotReady_KeepsTheBatchUntilItIs()
    {
        await using var hub = new IngestHub(new CatalogueState(), options: new IngestOptions { RetryDelayMin = TimeSpan.FromMilliseconds(10), RetryDelayMax = TimeSpan.FromMilliseconds(20) });
        await using var services = await StartAsync(hub);

        using var batches = new MetricCollector<long>(ExchangeDiagnostics.Meter, "dataexchange.ingest.batches");
        await services.GetTestHarness().Bus.Publish(Message(Plain(1)));
        await Eventually.Async("tried more than once", () => batches.GetMeasurementSnapshot().Count(m => Equals(m.Tags["result"], "unavailable")) > 1);
        hub.Catalogue.Replace(CatalogueSnapshot.Of(1, IngestSamples.File));

        await Eventually.Async("applied", () => hub.Watermark == 1);
    }

    [Test]
    public async Task Consume_WrongBatchThatNamesAReplyAddress_IsAnsweredNowhere()
    {
        await using var hub = new IngestHub();
        await using var services = await StartAsync(hub);
        var harness = services.GetTestHarness();
        var elsewhere = new Uri("loopback://localhost/elsewhere");

        await harness.Bus.Publish(new ChangeBatchMessage { SignedBatch = [0xFF] }, context => (context.FaultAddress, context.ResponseAddress) = (elsewhere, elsewhere));
        await Eventually.Async("failed", () => harness.Consumed.Select<ChangeBatchMessage>(Now).Any(consumed => consumed.Exception is not null));

        Assert.That(harness.Sent.Select<Fault<ChangeBatchMessage>>(Now), Is.Empty);
        Assert.That(harness.Published.Select<Fault<ChangeBatchMessage>>(Now), Is.Empty);
    }

    [Test]
    public async Task Consume_WithinAPublishersTrace_AppliesUnderTheSameTraceId()
    {
        await using var hub = new IngestHub();
        await using var services = await StartAsync(hub);
        var applied = new ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is ExchangeDiagnostics.Name or "MassTransit",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (activity.OperationName == "ingest apply")
                    applied.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        using var publish = ExchangeDiagnostics.ActivitySource.StartActivity("publish batch", ActivityKind.Producer)!;

        await services.GetTestHarness().Bus.Publish(Message(Plain(1)));

        var apply = await Eventually.Async("applied", () => Task.FromResult(applied.FirstOrDefault()), seen => seen is not null);
        Assert.That((apply!.TraceId, apply.GetTagItem("dataexchange.department")), Is.EqualTo((publish.TraceId, (object?)"tax")));
    }

    [Test]
    public void Definition_Endpoint_IsTheBrokersOwn()
    {
        IConsumerDefinition<ChangeBatchConsumer> definition = new ChangeBatchConsumerDefinition(
            Microsoft.Extensions.Options.Options.Create(new HubOptions { BrokerId = "north" }), Microsoft.Extensions.Options.Options.Create(new IngestOptions()));

        Assert.That(definition.GetEndpointName(DefaultEndpointNameFormatter.Instance), Is.EqualTo("dx-index-north"));
    }

    // What has happened so far: the harness would otherwise wait for more.
    private static CancellationToken Now => new(canceled: true);

    private static (ulong, ulong)[] Gaps(IngestHub hub) => [.. hub.Index.Streams.Find(Tax)!.Gaps.Select(gap => (gap.First, gap.Last))];

    private static ChangeBatchMessage Message(Wire.ChangeBatch batch) => new() { SignedBatch = Sign(batch).ToByteArray() };

    private static async Task<ServiceProvider> StartAsync(IngestHub hub)
    {
        var services = new ServiceCollection();
        services.AddOptions<BusOptions>();
        services.AddOptions<HubOptions>().Configure(options => options.BrokerId = "north");
        services.AddSingleton(hub.Options);
        services.AddSingleton(hub.Ingest);
        services.AddMassTransitTestHarness(bus =>
        {
            bus.DisableUsageTelemetry();
            bus.AddConsumer<ChangeBatchConsumer, ChangeBatchConsumerDefinition>();
        });
        var provider = services.BuildServiceProvider(validateScopes: true);
        await provider.GetTestHarness().Start();
        return provider;
    }
}
