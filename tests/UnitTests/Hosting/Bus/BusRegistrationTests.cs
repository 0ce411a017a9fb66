using DataExchange.Contracts;
using DataExchange.Hosting;
using MassTransit;
using MassTransit.UsageTracking;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Bus;

[TestFixture]
[NonParallelizable]
internal sealed class BusRegistrationTests
{
    private const string VendorSwitch = "MASSTRANSIT_USAGE_TELEMETRY";

    [Test]
    public void AddExchangeBus_EnvironmentSwitchesVendorTelemetryOn_NoTelemetryExists([Values] BusTransport transport)
    {
        Environment.SetEnvironmentVariable(VendorSwitch, "true");
        try
        {
            using var host = Build(transport);

            Assert.That(host.Services.GetRequiredService<IBus>(), Is.Not.Null, "the bus is built, with everything that observes it");
            Assert.That(host.Services.GetService<IUsageTracker>(), Is.Null);
            Assert.That(host.Services.GetRequiredService<IOptions<UsageTelemetryOptions>>().Value.Enabled, Is.False);
        }
        finally
        {
            Environment.SetEnvironmentVariable(VendorSwitch, null);
        }
    }

    [Test]
    public void AddExchangeBus_HealthChecks_AreOursOnly()
    {
        using var host = Build(BusTransport.RabbitMq);

        var names = host.Services.GetRequiredService<IOptions<HealthCheckServiceOptions>>().Value.Registrations.Select(check => check.Name);

        Assert.That(names, Is.EqualTo(new[] { "bus" }));
    }

    [TestCase("http://localhost", "amqp or amqps")]
    [TestCase("", "amqp or amqps")]
    public async Task AddExchangeBus_WrongAddress_FailsTheStart(string address, string rule)
    {
        using var host = Build(BusTransport.RabbitMq, new() { ["Bus:RabbitMq"] = address });

        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync());

        Assert.That(failure!.Message, Does.Contain(rule));
    }

    [Test]
    public async Task PublishAsync_InMemory_ReachesTheConsumer()
    {
        using var host = Build(BusTransport.Memory);
        await host.StartAsync();

        var outcome = await host.Services.GetRequiredService<ReliablePublisher>().PublishAsync(new ChangeBatchMessage { SignedBatch = [1, 2, 3] }, default);

        Assert.That(outcome, Is.EqualTo(PublishOutcome.Confirmed));
        Assert.That(await BatchConsumer.Received.Reader.ReadAsync(), Is.EqualTo(new byte[] { 1, 2, 3 }));
        var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Assert.That(health.Status, Is.EqualTo(HealthStatus.Healthy));
        await host.StopAsync();
    }

    private static IHost Build(BusTransport transport, Dictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Bus:Transport"] = transport.ToString(),
            ["Bus:RabbitMq"] = "amqp://localhost:1",
        });
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        builder.Services.AddExchangeBus(builder.Configuration, bus => bus.AddConsumer<BatchConsumer, BatchConsumerDefinition>());
        return builder.Build();
    }
}

internal sealed class BatchConsumer : IConsumer<ChangeBatchMessage>
{
    public static System.Threading.Channels.Channel<byte[]> Received { get; } = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();

    public async Task Consume(ConsumeContext<ChangeBatchMessage> context)
    {
        if (context.Message.SignedBatch.Length == 0)
            throw new InvalidOperationException("an empty batch is the test's poison");
        await Received.Writer.WriteAsync(context.Message.SignedBatch, context.CancellationToken);
    }
}

internal sealed class BatchConsumerDefinition : ConsumerDefinition<BatchConsumer>
{
    public const string Queue = "dataexchange.test";

    public BatchConsumerDefinition() => EndpointName = Queue;

    protected override void ConfigureConsumer(
        IReceiveEndpointConfigurator endpointConfigurator, IConsumerConfigurator<BatchConsumer> consumerConfigurator, IRegistrationContext context) =>
        endpointConfigurator.UseDurableQueue(context);
}
