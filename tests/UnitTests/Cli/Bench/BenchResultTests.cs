using DataExchange.Cli.Bench;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Bench;

[TestFixture]
internal sealed class BenchResultTests
{
    private static readonly Measurement Ours = new(Rate: 50_000, P50: 900, P99: 2_000, ServerCpu: 30);
    private static readonly Measurement Control = new(Rate: 200_000, P50: 0, P99: 0, ServerCpu: 12);

    [Test]
    public void ToJson_NoExtra_HasExactlyTheContractsFields()
    {
        var json = new BenchResult("lookup", 16, 1, Ours, Control, new Dictionary<string, double>()).ToJson();
        Assert.That(json.Select(p => p.Key), Is.EqualTo(new[]
        {
            "operation", "concurrency", "batch", "rate", "p50_us", "p99_us", "server_cpu_us",
            "control_rate", "control_server_cpu_us", "rate_ratio", "server_cpu_ratio",
        }));
    }

    [Test]
    public void ToJson_Ratios_AreOursToTheControls()
    {
        var json = new BenchResult("lookup", 16, 1, Ours, Control, new Dictionary<string, double>()).ToJson();
        Assert.Multiple(() =>
        {
            Assert.That((double)json["rate_ratio"]!, Is.EqualTo(0.25));
            Assert.That((double)json["server_cpu_ratio"]!, Is.EqualTo(2.5));
        });
    }

    [Test]
    public void ToJson_Extra_FollowsTheContractsFields()
    {
        var json = new BenchResult("ingest", 64, 100, Ours, Control, new Dictionary<string, double> { ["postgresql_rate"] = 12_345.6789 }).ToJson();
        Assert.That(json.Last().Key, Is.EqualTo("postgresql_rate"));
        Assert.That((double)json["postgresql_rate"]!, Is.EqualTo(12_345.679));
    }

    [Test]
    public void Median_OneDisturbedWindow_DoesNotCount()
    {
        var median = Measurement.Median([Ours, Ours with { Rate = 1, ServerCpu = 900 }, Ours with { Rate = 51_000, ServerCpu = 29 }]);
        Assert.That(median, Is.EqualTo(Ours));
    }

    [Test]
    public void Median_EvenCount_IsBetweenTheMiddleTwo() =>
        Assert.That(Measurement.Median([Ours, Ours with { Rate = 60_000 }]).Rate, Is.EqualTo(55_000));
}
