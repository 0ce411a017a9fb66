using DataExchange.Broker.Index;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Testing;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>What a department holds about somebody its first load has not come to yet, nobody can tell.</summary>
internal sealed class FirstLoadTests
{
    [Test]
    public async Task Lookup_WhileTheFirstLoadRuns_SaysUnavailableAboutWhomItHasNotReached()
    {
        await using var exchange = await TestExchange.StartAsync(source: source =>
        {
            source.Add(Ask.Body(1), "active", "High Street 1");
            source.HoldEnd();
        });
        var lookups = exchange.Lookups();
        var streams = exchange.Hub.Services.GetRequiredService<StreamStates>();
        await Eventually.Async("the first change is applied", () => streams.All.Any(stream => stream.Watermark == 2));

        var reached = await lookups.LookupAsync(Ask.About(Ask.Body(1), Ask.Held, Ask.Located));
        var notReached = await lookups.LookupAsync(Ask.About(Ask.Body(2), Ask.Held, Ask.Located));
        exchange.Source.End();
        await Eventually.Async("the load is complete", () => streams.All.All(stream => !stream.Loading));
        var neverStated = await lookups.LookupAsync(Ask.About(Ask.Body(2), Ask.Held, Ask.Located));

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Outcomes(reached), Is.EqualTo(new[] { (Wire.Outcome.Provided, ""), (Wire.Outcome.Provided, "") }));
            Assert.That(Outcomes(notReached), Is.EqualTo(new[] { (Wire.Outcome.Unavailable, "PROVIDER_LOADING"), (Wire.Outcome.Unavailable, "PROVIDER_LOADING") }));
            Assert.That(Outcomes(neverStated), Is.EqualTo(new[] { (Wire.Outcome.Absent, ""), (Wire.Outcome.Absent, "") }));
        }
    }

    private static IEnumerable<(Wire.Outcome, string)> Outcomes(Wire.LookupResponse response) => response.Answers.Select(answer => (answer.Outcome, answer.Reason));
}
