using System.CommandLine;
using System.Text;
using System.Text.Json;
using DataExchange.Broker;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Ingest;
using DataExchange.Cli;
using DataExchange.Cli.DeadLetters;
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

    [Test]
    public async Task DeadLetters_ListedShownAndPutBackOnceTheirCauseIsMended_AreApplied()
    {
        var server = await SharedServers.RabbitMqAsync();
        var address = await server.CreateVirtualHostAsync($"letters-{Guid.NewGuid():N}");
        var withoutIncome = IngestSamples.File with { Attributes = [.. IngestSamples.File.Attributes.Where(attribute => attribute.Id.Name != "income")] };
        await using var hub = new IngestHub(CatalogueOf(withoutIncome));
        using var host = Build(hub, address);
        await host.StartAsync();
        using var folder = new TempFolder();
        await System.IO.File.WriteAllTextAsync(folder["hub.json"], JsonSerializer.Serialize(new { Hub = new { BrokerId = "north" }, Bus = new { Transport = "RabbitMq", RabbitMq = address } }));
        var publisher = host.Services.GetRequiredService<ReliablePublisher>();
        foreach (var batch in new[] { Plain(1, 20), Plain(21) })
        {
            var message = new ChangeBatchMessage { SignedBatch = Sign(batch).ToByteArray() };
            await Eventually.Async("confirmed", async () => await publisher.PublishAsync(message, CancellationToken.None) == PublishOutcome.Confirmed);
        }

        var listed = await Eventually.Async("both in the error queue", () => RunAsync("list", "--json"), run => run.Output.Contains("\"messages\":2", StringComparison.Ordinal));
        var group = JsonDocument.Parse(listed.Output).RootElement;
        var shown = await RunAsync("show", group.GetProperty("example").GetString()!);
        var unsaid = await RunAsync("retry");
        var none = await RunAsync("retry", "--department", "housing");
        hub.Catalogue.Replace(CatalogueSnapshot.Of(2, IngestSamples.File));
        var retried = await RunAsync("retry", "--cause", group.GetProperty("cause").GetString()!);

        await Eventually.Async("applied", () => hub.Watermark == 21);
        var after = await RunAsync("list", "--json");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(listed.Code, Is.EqualTo(ExitCode.Finding));
            Assert.That((group.GetProperty("cause").GetString(), group.GetProperty("department").GetString()), Is.EqualTo(("ATTRIBUTE_NOT_OWNED", "tax")));
            Assert.That((group.GetProperty("first_sequence").GetInt32(), group.GetProperty("last_sequence").GetInt32()), Is.EqualTo((1, 21)));
            // The two are refused side by side: either may come first.
            Assert.That(shown.Output, Does.Match("set income (1|20) ").And.Contain("ATTRIBUTE_NOT_OWNED").And.Not.Contain(Resident));
            Assert.That(unsaid.Code, Is.EqualTo(ExitCode.Usage));
            Assert.That(none.Output, Does.Contain("0 put back"));
            Assert.That(retried.Output, Does.Contain("2 put back"));
            Assert.That((after.Code, after.Output), Is.EqualTo((ExitCode.Ok, "")));
        }

        await host.StopAsync();

        async Task<(int Code, string Output)> RunAsync(params string[] arguments)
        {
            await using var output = new StringWriter();
            try
            {
                var code = await DeadLettersCommand.Create().Parse([.. arguments, "--config", folder["hub.json"]])
                    .InvokeAsync(new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false });
                return (code, output.ToString());
            }
            catch (UsageException)
            {
                return (ExitCode.Usage, output.ToString());
            }
        }
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
