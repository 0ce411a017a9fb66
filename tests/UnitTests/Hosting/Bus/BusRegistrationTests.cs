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

    [TestCase("amqp://hub:secret@rabbit.example:5672", "", "Bus:TrustNetwork")]
    [TestCase("amqp://hub:secret@127.0.0.1:5672", "rabbit-2.example:5672", "Bus:TrustNetwork")]
    [TestCase("amqps://guest:secret@rabbit.example", "", "not guest's")]
    [TestCase("amqps://hub:guest@rabbit.example", "", "not guest's")]
    [TestCase("amqps://rabbit.example", "", "not guest's")]
    [TestCase("amqps://rabbit.example", "", "not guest's", "hub")]
    public void Validate_OpenToTheNetwork_IsRefused(string address, string node, string rule, string user = "guest") =>
        Assert.That(Validate(address, node, user).FailureMessage, Does.Contain(rule));

    [TestCase("amqp://localhost:5672", "")]
    [TestCase("amqp://guest:guest@127.0.0.1:5672", "[::1]:5673")]
    [TestCase("amqps://hub:secret@rabbit.example", "rabbit-2.example:5671")]
    public void Validate_OnThisMachineOrOverTls_IsTaken(string address, string node) => Assert.That(Validate(address, node, "guest").Succeeded);

    [Test]
    public void Validate_PlainOverATrustedNetwork_IsTaken() =>
        Assert.That(Validate("amqp://hub:secret@rabbit.example:5672", "", "guest", trustNetwork: true).Succeeded);

    private static ValidateOptionsResult Validate(string address, string node, string user, bool trustNetwork = false)
    {
        var options = new BusOptions { Transport = BusTransport.RabbitMq, RabbitMq = new Uri(address), User = user, TrustNetwork = trustNetwork };
        if (node.Length > 0)
            options.Nodes.Add(node);
        return new BusOptionsConsistency().Validate(null, options);
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
