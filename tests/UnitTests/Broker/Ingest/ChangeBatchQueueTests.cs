using System.Text;
using DataExchange.Broker;
using DataExchange.Broker.Ingest;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Google.Protobuf;
using MassTransit;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NUnit.Framework;
using RabbitMQ.Client;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

/// <summary>The consumer on a real server: what becomes of messages that are wrong.</summary>
[TestFixture]
[NonParallelizable]
[Category("RabbitMq")]
internal sealed class ChangeBatchQueueTests
{
    [Test]
    public async Task Consume_WrongBatchAmongGoodOnes_GoesToTheErrorQueueAloneWithItsReason()
    {
        var server = await SharedServers.RabbitMqAsync();
        var address = await server.CreateVirtualHostAsync($"ingest-{Guid.NewGuid():N}");
        await using var hub = new IngestHub();
        using var host = Build(hub, address);
        await host.StartAsync();
        var publisher = host.Services.GetRequiredService<ReliablePublisher>();
        var poison = Plain(20);
        poison.Changes[0].Set.Value = new() { Text = "CANARY" };

        for (var first = 1UL; first <= 40; first++)
        {
            var message = new ChangeBatchMessage { SignedBatch = Sign(first == 20 ? poison : Plain(first)).ToByteArray() };
            await Eventually.Async("confirmed", async () => await publisher.PublishAsync(message, CancellationToken.None) == PublishOutcome.Confirmed);
        }

        await Eventually.Async("all but one applied", () => hub.Income()?.Sequence == 40 && hub.Index.Streams.Find(Tax)!.Gaps is [{ First: 20, Last: 20 }]);
        var error = await Eventually.Async("in the error queue", () => TakeAsync(address, "dx-index-north_error"), result => result is not null);
        Assert.Multiple(() =>
        {
            Assert.That(Header(error!, "MT-Fault-Message"), Is.EqualTo("VALUE_REFUSED: changes[0].set.value must be of the type that the catalogue declares for the attribute"));
            Assert.That(Header(error!, "MT-Fault-ExceptionType"), Does.EndWith(nameof(BatchRefusedException)));
            Assert.That(error!.BasicProperties.Headers!.Values.Select(Text), Has.None.Contains("CANARY"));
        });
        Assert.That(await TakeAsync(address, "dx-index-north_error"), Is.Null);
        await host.StopAsync();
    }

    private static IHost Build(IngestHub hub, Uri address)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Bus:Transport"] = "RabbitMq", ["Bus:RabbitMq"] = address.ToString(), ["Bus:PublishTimeout"] = "00:01:00" });
        builder.Services.AddOptions<HubOptions>().Configure(options => options.BrokerId = "north");
        builder.Services.AddSingleton(hub.Options);
        builder.Services.AddSingleton(hub.Ingest);
        builder.Services.AddExchangeBus(builder.Configuration, bus => bus.AddConsumer<ChangeBatchConsumer, ChangeBatchConsumerDefinition>());
        return builder.Build();
    }

    private static async Task<BasicGetResult?> TakeAsync(Uri address, string queue)
    {
        await using var connection = await new ConnectionFactory { Uri = address }.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        return await channel.BasicGetAsync(queue, autoAck: true);
    }

    private static string Header(BasicGetResult message, string name) => Text(message.BasicProperties.Headers![name]);

    private static string Text(object? header) => header is byte[] bytes ? Encoding.UTF8.GetString(bytes) : $"{header}";
}
