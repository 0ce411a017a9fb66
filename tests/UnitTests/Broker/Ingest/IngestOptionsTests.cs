using DataExchange.Broker.Ingest;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Ingest;

[TestFixture]
internal sealed class IngestOptionsTests
{
    [Test]
    public void Options_Defaults_AreValid() => Assert.That(() => Validate([]), Throws.Nothing);

    [Test]
    public void Options_SeveralWrong_AreAllNamedAtOnce()
    {
        var failure = Assert.Throws<OptionsValidationException>(() => Validate(new()
        {
            ["Ingest:BusBatchesMax"] = "0",
            ["Ingest:GapTolerance"] = "00:00:05",
            ["Ingest:RetryDelayMax"] = "00:00:00.100",
            ["Ingest:RefillDelayMax"] = "00:00:00.500",
        }));

        Assert.That(failure!.Message, Does.Contain("BusBatchesMax").And.Contain("GapTolerance").And.Contain("RetryDelayMax").And.Contain("RefillDelayMax"));
    }

    private static void Validate(Dictionary<string, string?> settings)
    {
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(settings).Build());
        services.AddIngest();
        using var provider = services.BuildServiceProvider();
        provider.GetRequiredService<IStartupValidator>().Validate();
    }
}
