using System.Globalization;
using DataExchange.FunctionalTests.Exchange;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>Hub, department or bus ended in the middle of 72,000 changes and started again: nothing is lost, nothing comes twice.</summary>
[Category("RabbitMq")]
internal sealed class CrashTests
{
    private const string Large = "miso";
    private const string Small = "oscar";
    private const int BatchChanges = 50;
    private const int WindowBatches = 40;
    private const long MiddleFrom = 10_000;

    // What a department may have published above the hub's watermark.
    private const long Ahead = BatchChanges * WindowBatches;
    private static readonly TimeSpan IngestTimeout = TimeSpan.FromMinutes(2);

    // A window of batches each time the department hears the watermark: some seconds for all of them, however fast the machine is.
    private static readonly Dictionary<string, string> Slow = new()
    {
        ["DX_Adapter__BatchChangesMax"] = BatchChanges.ToString(CultureInfo.InvariantCulture),
        ["DX_Adapter__WindowBatches"] = WindowBatches.ToString(CultureInfo.InvariantCulture),
        ["DX_Adapter__InFlightBatchesMax"] = "8",
        ["DX_Adapter__WatermarkInterval"] = "00:00:00.200",
        ["DX_Adapter__RetryDelayMax"] = "00:00:02",
    };

    [Test]
    public async Task Hub_KilledInMidIngest_HasEverythingOnceAfterItsRestart()
    {
        await using var exchange = await StartAsync(await VirtualHostAsync("hub-killed"));
        await MiddleAsync(exchange);

        await exchange.KillAsync(RegisterExchange.Hub);

        // The department cannot have got further than a window above what it last heard.
        var department = (await exchange.HealthAsync(Large))["checks"]!["adapter"]!["data"]!;
        Assert.That(department["hubWatermark"]!.GetValue<long>() + Ahead, Is.LessThan(exchange.Oracle.ChangesByDepartment[Large]), "the hub was killed too late");
        await exchange.StartAsync(RegisterExchange.Hub, RegisterExchange.Patient);
        await AssertCompleteAsync(exchange);
    }

    [Test]
    public async Task Department_KilledInMidPublish_PublishesEverythingOnceAfterItsRestart()
    {
        await using var exchange = await StartAsync(await VirtualHostAsync("department-killed"));
        await MiddleAsync(exchange);

        await exchange.KillAsync(Large);

        await AssertMiddleAsync(exchange);
        await exchange.StartAsync(Large, Slow);
        await AssertCompleteAsync(exchange);
    }

    [Test]
    public async Task Bus_RestartedInMidIngest_EverythingArrivesOnce()
    {
        await using var bus = await RabbitMqProcess.StartNewAsync();
        await using var exchange = await StartAsync(bus.Address());
        await MiddleAsync(exchange);

        await bus.StopAsync();

        await AssertMiddleAsync(exchange);
        await bus.StartAsync();
        await AssertCompleteAsync(exchange);
    }

    private static async Task<Uri> VirtualHostAsync(string name) => await (await SharedServers.RabbitMqAsync()).CreateVirtualHostAsync(name);

    private static async Task<RegisterExchange> StartAsync(Uri rabbitMq)
    {
        var exchange = await RegisterExchange.PrepareAsync(rabbitMq, Large, Small, RegisterOracle.Authority);
        try
        {
            await exchange.StartAsync(RegisterExchange.Hub, RegisterExchange.Patient);
            await exchange.StartAsync(Small);
            await exchange.StartAsync(RegisterOracle.Authority);
            await exchange.StartAsync(Large, Slow);
            return exchange;
        }
        catch
        {
            await exchange.DisposeAsync();
            throw;
        }
    }

    private static Task<long> MiddleAsync(RegisterExchange exchange) => Eventually.Async(
        "the middle of the large register", () => exchange.WatermarkAsync(Large), watermark => watermark >= MiddleFrom, IngestTimeout);

    /// <summary>With nothing more coming in, the hub is far from the end.</summary>
    private static async Task AssertMiddleAsync(RegisterExchange exchange) => Assert.That(
        await exchange.WatermarkAsync(Large) + Ahead, Is.LessThan(exchange.Oracle.ChangesByDepartment[Large]), "the fault came too late");

    private static async Task AssertCompleteAsync(RegisterExchange exchange)
    {
        await exchange.WhenCompleteAsync(IngestTimeout);
        await exchange.AssertExactAsync(Large, Small);
        Assert.That(exchange.Errors(), Is.Empty);
    }
}
