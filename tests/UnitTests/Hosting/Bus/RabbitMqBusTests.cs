using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Bus;

/// <summary>Against a real server, in a virtual host of its own for each test.</summary>
[TestFixture]
[NonParallelizable]
[Category("RabbitMq")]
internal sealed class RabbitMqBusTests
{
    private static readonly ChangeBatchMessage Batch = new() { SignedBatch = [1, 2, 3] };

    private RabbitMqProcess _server = null!;
    private string _virtualHost = "";
    private Uri _address = null!;

    [SetUp]
    public async Task CreateVirtualHost()
    {
        _server = await SharedServers.RabbitMqAsync();
        _virtualHost = $"bus-{Guid.NewGuid():N}";
        _address = await _server.CreateVirtualHostAsync(_virtualHost);
        while (BatchConsumer.Received.Reader.TryRead(out _)) { }
    }

    [Test]
    public async Task PublishAsync_NoHubHasEverConnected_IsNoQueue()
    {
        using var publisher = await StartAsync(_address, consumes: false);

        var outcome = await Eventually.Async("an answer of the server", () => PublishAsync(publisher, Batch), seen => seen is PublishOutcome.NoQueue);

        Assert.That(outcome, Is.EqualTo(PublishOutcome.NoQueue));
    }

    [Test]
    public async Task PublishAsync_HubConsumes_IsConfirmedAndDelivered()
    {
        using var hub = await StartAsync(_address, consumes: true);
        using var publisher = await StartAsync(_address, consumes: false);
        await HealthyAsync(hub);

        Assert.That(await PublishAsync(publisher, Batch), Is.EqualTo(PublishOutcome.Confirmed));
        Assert.That(await BatchConsumer.Received.Reader.ReadAsync(), Is.EqualTo(Batch.SignedBatch));
        await HealthyAsync(publisher);
    }

    [Test]
    public async Task DurableQueue_BeforeTheFirstMessage_IsQuorumWithLimitsAndErrorQueues()
    {
        using var hub = await StartAsync(_address, consumes: true);
        await HealthyAsync(hub);

        var queues = (await _server.ControlAsync("list_queues", "-p", _virtualHost, "name", "type", "arguments")).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .ToDictionary(line => line.Split('\t')[0]);

        Assert.That(queues.Keys, Is.SupersetOf(new[] { BatchConsumerDefinition.Queue, $"{BatchConsumerDefinition.Queue}_error", $"{BatchConsumerDefinition.Queue}_skipped" }));
        Assert.That(queues.Where(queue => queue.Key.StartsWith(BatchConsumerDefinition.Queue, StringComparison.Ordinal)).Select(queue => queue.Value),
            Has.All.Contains("quorum").And.All.Contains("reject-publish").And.All.Contains("x-max-length-bytes"));
        Assert.That(queues[BatchConsumerDefinition.Queue], Does.Contain("at-least-once").And.Contain("x-delivery-limit").And.Contain($"{BatchConsumerDefinition.Queue}_error"));
    }

    [Test]
    public async Task Consume_PoisonBatch_EndsInTheErrorQueueAndShowsInHealth()
    {
        using var hub = await StartAsync(_address, consumes: true);
        await HealthyAsync(hub);

        await PublishAsync(hub, new ChangeBatchMessage { SignedBatch = [] });
        await PublishAsync(hub, Batch);

        Assert.That(await BatchConsumer.Received.Reader.ReadAsync(), Is.EqualTo(Batch.SignedBatch), "the next batch is not held up");
        var health = await Eventually.Async("a message in the error queue", () => CheckAsync(hub), check => check.Status == HealthStatus.Degraded);
        Assert.That(health.Data[$"{BatchConsumerDefinition.Queue}_error"], Is.EqualTo(1L));
    }

    [Test]
    public async Task PublishAsync_ConnectionGoesSilent_TimesOutAndTheNextUsesANewConnection()
    {
        using var hub = await StartAsync(_address, consumes: true);
        await using var proxy = new StallingProxy(_server.Port);
        using var publisher = await StartAsync(new UriBuilder(_address) { Port = proxy.Port }.Uri, consumes: false);
        await HealthyAsync(hub);
        Assert.That(await PublishAsync(publisher, Batch), Is.EqualTo(PublishOutcome.Confirmed));
        var before = proxy.Connections;

        proxy.StallOpenConnections();
        var started = System.Diagnostics.Stopwatch.StartNew();
        var stalled = await PublishAsync(publisher, Batch);

        Assert.That(stalled, Is.EqualTo(PublishOutcome.TimedOut));
        Assert.That(started.Elapsed, Is.LessThan(TimeSpan.FromSeconds(6)));
        await Eventually.Async("a confirmed publish", () => PublishAsync(publisher, Batch), seen => seen == PublishOutcome.Confirmed);
        Assert.That(proxy.Connections, Is.GreaterThan(before));
    }

    private static async Task HealthyAsync(IHost host) =>
        await Eventually.Async("a healthy bus", () => CheckAsync(host), check => check.Status == HealthStatus.Healthy);

    private static async Task<HealthReportEntry> CheckAsync(IHost host) =>
        (await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries["bus"];

    private static Task<PublishOutcome> PublishAsync(IHost host, ChangeBatchMessage message) =>
        host.Services.GetRequiredService<ReliablePublisher>().PublishAsync(message, CancellationToken.None);

    private static async Task<IHost> StartAsync(Uri address, bool consumes)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Bus:Transport"] = "rabbitmq",
            ["Bus:RabbitMq"] = address.ToString(),
            ["Bus:PublishTimeout"] = "00:00:03",
            // Long: what a test sees is the publisher's own deadline at work, not the heartbeat.
            ["Bus:Heartbeat"] = "00:05:00",
        });
        builder.Services.AddLogging();
        builder.Services.AddExchangeBus(builder.Configuration, consumes ? bus => bus.AddConsumer<BatchConsumer, BatchConsumerDefinition>() : null);
        var host = builder.Build();
        await host.StartAsync();
        return host;
    }
}
