using DataExchange.Broker.Index.Sealing;
using DataExchange.FunctionalTests.Exchange;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>The hub killed while it brings its records under new keys, again and again: it goes on where it was, and nobody is split.</summary>
internal sealed class RotationCrashTests
{
    // A rotation for each, by what health says is done; at 0 the hub may not even have seen the key.
    private static readonly double[] KilledAtPercent = [0, 15, 50, 85];
    private static readonly string[][] Rotations = [[WrappingKeys.Prefix], [RowKeys.Prefix], [WrappingKeys.Prefix, RowKeys.Prefix]];
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    // One synced write for each record, so that a rotation takes long enough to be killed in.
    private static readonly Dictionary<string, string> Slow = new(RegisterExchange.Patient)
    {
        ["DX_Index__RenewalRecordsMax"] = "1",
        ["DX_Index__KeyCheckInterval"] = "00:00:00.100",
    };

    [Test]
    public async Task Hub_KilledInMidRotation_GoesOnWhereItWasAndSplitsNobody()
    {
        await using var exchange = await RegisterExchange.PrepareAsync(rabbitMq: null, "oscar", RegisterOracle.Authority);
        await exchange.StartAsync(RegisterExchange.Hub, Slow);
        foreach (var department in exchange.Plan.Departments)
            await exchange.StartAsync(department.Id);
        await exchange.WhenCompleteAsync(Timeout);
        await WhenRenewedAsync(exchange);
        await AssertWholeAsync(exchange);

        foreach (var kinds in Rotations)
        {
            foreach (var percent in KilledAtPercent)
            {
                foreach (var kind in kinds)
                    new NumberedKeyFiles(exchange.KeyFolder, kind).Create();
                await KillAsync(exchange, percent);
                await WhenRenewedAsync(exchange);
            }

            await AssertWholeAsync(exchange);
        }

        // Nothing is left that would need a former key.
        await exchange.KillAsync(RegisterExchange.Hub);
        foreach (var kind in new[] { WrappingKeys.Prefix, RowKeys.Prefix })
        {
            foreach (var former in new NumberedKeyFiles(exchange.KeyFolder, kind).Numbers()[..^1])
                File.Delete(Path.Combine(exchange.KeyFolder, $"{kind}-{former}.key"));
        }

        await exchange.StartAsync(RegisterExchange.Hub, Slow);
        await AssertWholeAsync(exchange);
        Assert.That(exchange.Errors(), Is.Empty);
    }

    private static async Task KillAsync(RegisterExchange exchange, double percent)
    {
        // The hub may not have seen the new key before the first kill, and has begun with it before the others.
        var reached = percent == 0 ? default : await Eventually.Async(
            $"{percent} % renewed", () => RenewalAsync(exchange), renewal => !renewal.IsDone && renewal.Percent >= percent, Timeout);
        await exchange.KillAsync(RegisterExchange.Hub);

        await exchange.StartAsync(RegisterExchange.Hub, Slow);

        var resumed = await RenewalAsync(exchange);
        await TestContext.Out.WriteLineAsync($"killed at {reached.Percent} %, went on at {resumed.Percent} %");
        Assert.That(resumed.Percent, Is.GreaterThanOrEqualTo(reached.Percent));
        await AssertNobodySplitAsync(exchange);
    }

    private static async Task AssertWholeAsync(RegisterExchange exchange)
    {
        var data = (await exchange.HealthAsync(RegisterExchange.Hub))["checks"]!["index"]!["data"]!;
        Assert.That(
            (data["facts"]!.GetValue<long>(), data["links"]!.GetValue<long>(), data["subjects"]!.GetValue<long>()),
            Is.EqualTo((exchange.Oracle.Facts, exchange.Oracle.Links, exchange.Oracle.Identifiers)));
        await AssertNobodySplitAsync(exchange);
    }

    private static async Task AssertNobodySplitAsync(RegisterExchange exchange)
    {
        using var desk = exchange.Connect();
        var faults = await desk.FaultsAsync(exchange.Oracle.MapRows.Where(row => row.Scheme == "oscar"), exchange.Oracle);
        // What is located comes from its department, which has no part in this and is slow on a busy machine.
        Assert.That(faults.Where(fault => !fault.Contains("PROVIDER_TOO_SLOW", StringComparison.Ordinal)), Is.Empty);
    }

    private static async Task WhenRenewedAsync(RegisterExchange exchange) =>
        await Eventually.Async("every record renewed", () => RenewalAsync(exchange), renewal => renewal.IsDone, Timeout);

    private static async Task<(bool IsDone, double Percent)> RenewalAsync(RegisterExchange exchange)
    {
        var data = (await exchange.HealthAsync(RegisterExchange.Hub))["checks"]!["index"]!["data"]!;
        return (data["renewed"]!.GetValue<bool>(), data["renewedPercent"]!.GetValue<double>());
    }
}
