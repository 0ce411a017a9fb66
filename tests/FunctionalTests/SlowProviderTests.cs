using DataExchange.FunctionalTests.Exchange;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>A department that hangs: its process is frozen, its connections stay open. Departments publish through the gRPC ingress.</summary>
internal sealed class SlowProviderTests
{
    private const string Hanging = "data-govuk-orgs";
    private const string Located = "data-govuk-orgs/slug";
    private const int SignalStop = 19;
    private const int SignalContinue = 18;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    [Test]
    public async Task Lookup_OneProviderHangs_TheOthersAttributesArriveInTime()
    {
        await using var exchange = await RegisterExchange.PrepareAsync(rabbitMq: null, Hanging, "govuk", "oscar", RegisterOracle.Authority);
        await exchange.StartAsync(RegisterExchange.Hub);
        foreach (var department in exchange.Plan.Departments)
            await exchange.StartAsync(department.Id);
        await exchange.WhenCompleteAsync(TimeSpan.FromMinutes(2));
        using var desk = exchange.Connect();
        var name = exchange.Oracle.MapRows.First(row => KnownToAll(exchange.Oracle.Expected(row)));
        var known = exchange.Oracle.Expected(name);
        await Eventually.Async("everything provided", () => AskAsync(desk, name), answers => IsProvided(answers, known.Keys));

        exchange[Hanging].Signal(SignalStop);
        var frozen = await AskAsync(desk, name);
        exchange[Hanging].Signal(SignalContinue);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(frozen[Located].Outcome, Is.EqualTo(Wire.Outcome.Unavailable));
            Assert.That(frozen[Located].Reason, Is.EqualTo("PROVIDER_TOO_SLOW"));
            Assert.That(IsProvided(frozen, known.Keys.Where(attribute => attribute != Located)));
        }

        await Eventually.Async("everything provided again", () => AskAsync(desk, name), answers => IsProvided(answers, known.Keys));
        Assert.That(exchange.Errors(), Is.Empty);
    }

    private static bool KnownToAll(SortedDictionary<string, List<string>> known) =>
        known.ContainsKey(Located) && known.ContainsKey("govuk/website") && known.ContainsKey("oscar/name");

    /// <summary>Throws when the answer does not come within the deadline.</summary>
    private static async Task<Dictionary<string, Wire.AttributeAnswer>> AskAsync(ServiceDeskClient desk, Name name) =>
        (await desk.AskAsync(name, Deadline)).Answers.ToDictionary(answer => $"{answer.Attribute.Department}/{answer.Attribute.Name}");

    private static bool IsProvided(Dictionary<string, Wire.AttributeAnswer> answers, IEnumerable<string> attributes) =>
        attributes.All(attribute => answers[attribute].Outcome == Wire.Outcome.Provided);
}
