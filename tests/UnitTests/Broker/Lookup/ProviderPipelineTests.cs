using DataExchange.Broker.Lookup;
using DataExchange.Testing;
using Grpc.Core;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Lookup.LiveFetchFixture;

namespace DataExchange.UnitTests.Broker.Lookup;

/// <summary>What one provider's failures do to the questions that come after them, and to nobody else's.</summary>
[TestFixture]
internal sealed class ProviderPipelineTests
{
    private static readonly LookupOptions Options = new()
    {
        AttemptTimeout = TimeSpan.FromSeconds(30),
        CircuitTimeoutMin = TimeSpan.FromSeconds(10),
        CircuitAttemptsMin = 2,
        CircuitWindow = TimeSpan.FromMinutes(5),
        CircuitBreak = TimeSpan.FromSeconds(5),
        ProviderConcurrencyMax = 1,
        ProviderQueueMax = 1,
    };

    private LiveFetchFixture _world = null!;
    private FetchDouble _tax = null!;

    [SetUp]
    public async Task StartWorld()
    {
        _world = await StartAsync(Options);
        _tax = _world.Adapters[Tax];
    }

    [TearDown]
    public async Task StopWorld() => await _world.DisposeAsync();

    [Test]
    public async Task Circuit_ProviderFailsRepeatedly_LeavesItAloneUntilItAnswersAgain()
    {
        await OpenAsync();
        Assert.That(await _world.FetchAsync([Located(Tax, "one"), Located(Housing, "two")]), Is.EqualTo(new[] { "PROVIDER_CIRCUIT_OPEN", "two" }));
        Assert.That(_tax.Asked, Has.Count.EqualTo(2), "left alone");

        _world.Clock.Advance(Options.CircuitBreak);
        Assert.That(await _world.FetchAsync(Tax), Is.EqualTo("PROVIDER_FAILED"), "one is let through to see");
        Assert.That(await _world.FetchAsync(Tax), Is.EqualTo("PROVIDER_CIRCUIT_OPEN"));

        _tax.Answer = request => Task.FromResult(FetchDouble.Found(request));
        _world.Clock.Advance(Options.CircuitBreak);
        Assert.That(await _world.FetchAsync(Tax), Is.EqualTo("value"));
        Assert.That(await _world.FetchAsync(Tax), Is.EqualTo("value"), "closed");
    }

    [TestCase(StatusCode.InvalidArgument, false)]
    [TestCase(StatusCode.Cancelled, false)]
    [TestCase(StatusCode.PermissionDenied, true)]
    [TestCase(StatusCode.Unimplemented, true)]
    public async Task Circuit_Failures_CountUnlessTheQuestionMayBeAtFault(StatusCode code, bool opens)
    {
        _tax.FailWith(code);

        for (var i = 0; i < Options.CircuitAttemptsMin; i++)
            await _world.FetchAsync(Tax);

        Assert.That(await _world.FetchAsync(Tax) == "PROVIDER_CIRCUIT_OPEN", Is.EqualTo(opens));
    }

    // The deadline less 40 ms for the answer and 10 ms for the cut.
    [TestCase(10_049, false)]
    [TestCase(10_050, true)]
    public async Task Circuit_TimeOuts_CountOnlyWhereTheCallerAllowedEnough(int deadlineMilliseconds, bool opens)
    {
        var deadline = TimeSpan.FromMilliseconds(deadlineMilliseconds);
        _tax.Hang();

        for (var i = 0; i < Options.CircuitAttemptsMin; i++)
        {
            var fetch = _world.FetchAsync(Tax, deadline);
            await Eventually.Async("asked", () => _tax.Asked.Count == i + 1);
            _world.Clock.Advance(deadline - TimeSpan.FromMilliseconds(51));
            Assert.That(fetch.IsCompleted, Is.False, "its share of the deadline is not over");
            _world.Clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.That(await fetch, Is.EqualTo("PROVIDER_TOO_SLOW"));
        }

        _tax.Answer = request => Task.FromResult(FetchDouble.Found(request));
        Assert.That(await _world.FetchAsync(Tax), Is.EqualTo(opens ? "PROVIDER_CIRCUIT_OPEN" : "value"));
    }

    [Test]
    public async Task Circuit_DeadlinesOfMilliseconds_DoNotShutAProviderOffForOthers()
    {
        _tax.Hang();
        for (var i = 0; i < 3 * Options.CircuitAttemptsMin; i++)
            Assert.That(await _world.FetchAsync(Tax, Options.AnswerReserve + TimeSpan.FromMilliseconds(i + 1)), Is.EqualTo("PROVIDER_TOO_SLOW"));

        _tax.Answer = request => Task.FromResult(FetchDouble.Found(request));
        Assert.That(await _world.FetchAsync(Tax), Is.EqualTo("value"));
    }

    [Test]
    public async Task Concurrency_MoreQuestionsThanRoom_AreBusyAndTheOthersAnswered()
    {
        var release = new TaskCompletionSource();
        _tax.Answer = async request =>
        {
            await release.Task;
            return FetchDouble.Found(request);
        };
        var first = _world.FetchAsync(Tax);
        await Eventually.Async("asked", () => _tax.Asked.Count == 1);
        var second = _world.FetchAsync(Tax);

        Assert.That(await _world.FetchAsync([Located(Tax, "one"), Located(Housing, "two")]), Is.EqualTo(new[] { "PROVIDER_BUSY", "two" }));
        Assert.That(_tax.Asked, Has.Count.EqualTo(1), "the second waits at the hub");
        release.SetResult();
        Assert.That((await first, await second), Is.EqualTo(("value", "value")));
    }

    [Test]
    public async Task Concurrency_WaitsPastItsDeadline_IsTooSlowAndGivesItsPlaceUp()
    {
        var release = new TaskCompletionSource();
        _tax.Answer = async request =>
        {
            await release.Task;
            return FetchDouble.Found(request);
        };
        var first = _world.FetchAsync(Tax);
        await Eventually.Async("asked", () => _tax.Asked.Count == 1);

        Assert.That(await _world.FetchAsync(Tax, TimeSpan.FromMilliseconds(100)), Is.EqualTo("PROVIDER_TOO_SLOW"));
        var third = _world.FetchAsync(Tax);
        release.SetResult();
        Assert.That((await first, await third), Is.EqualTo(("value", "value")));
        Assert.That(_tax.Asked, Has.Count.EqualTo(2), "what waited in vain was not asked");
    }

    private async Task OpenAsync()
    {
        _tax.FailWith(StatusCode.Internal);
        for (var i = 0; i < Options.CircuitAttemptsMin; i++)
            Assert.That(await _world.FetchAsync(Tax), Is.EqualTo("PROVIDER_FAILED"));
    }
}
