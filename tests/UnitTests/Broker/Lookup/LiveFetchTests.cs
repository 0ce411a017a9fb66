using DataExchange.Contracts;
using DataExchange.Testing;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Lookup.LiveFetchFixture;

namespace DataExchange.UnitTests.Broker.Lookup;

[TestFixture]
internal sealed class LiveFetchTests
{
    private LiveFetchFixture _world = null!;

    public static IEnumerable<TestCaseData> BrokenResults()
    {
        yield return Case("no result", new());
        yield return Case("no value", new() { Found = new() { AsOf = FetchDouble.AsOf } });
        yield return Case("value of no kind", new() { Found = new() { Value = new(), AsOf = FetchDouble.AsOf } });
        yield return Case("value of another type", new() { Found = new() { Value = new() { Integer = 1 }, AsOf = FetchDouble.AsOf } });
        yield return Case("text with control characters", FetchDouble.Found("a\u0001b"));
        yield return Case("text over its limit", FetchDouble.Found(new string('x', 4_097)));
        yield return Case("no as_of", new() { Found = new() { Value = new() { Text = "value" } } });
        yield return Case("as_of of year 10000", Found(new Timestamp { Seconds = 253_402_300_800 }));
        yield return Case("as_of of year 0", Found(new Timestamp { Seconds = -62_135_596_801 }));
        yield return Case("as_of with negative nanoseconds", Found(new Timestamp { Nanos = -1 }));

        static Wire.FetchResult Found(Timestamp asOf) => new() { Found = new() { Value = new() { Text = "value" }, AsOf = asOf } };
        static TestCaseData Case(string name, Wire.FetchResult result) => new TestCaseData(result).SetArgDisplayNames(name);
    }

    [SetUp]
    public async Task StartWorld() => _world = await StartAsync();

    [TearDown]
    public async Task StopWorld() => await _world.DisposeAsync();

    [Test]
    public async Task Fetch_FactsOfTwoProviders_AreAskedForWithTheirReasonAndFound()
    {
        var fetched = await _world.FetchAsync([Located(Housing, "one"), Held(Tax), Located(Tax, "two"), Located(Housing, "three")]);

        Assert.That(fetched, Is.EqualTo(new[] { "one", "absent", "two", "three" }));
        var request = _world.Adapters[Housing].Asked.Single();
        Assert.That(
            (request.Consumer, request.Purpose, request.LegalBasis, request.CaseId, request.RequestId),
            Is.EqualTo(("welfare", "benefits", "Test Act s. 1", "case-1", "request-1")));
        Assert.That(request.Items.Select(i => (i.Attribute, i.Subject.Locator.ToStringUtf8())), Is.EqualTo(new[] { ("note", "one"), ("note", "three") }));
        Assert.That(_world.Adapters[Tax].Asked.Single().Items, Has.Count.EqualTo(1), "nothing that is held");
    }

    [Test]
    public async Task Fetch_NothingLocated_AsksNobody()
    {
        await _world.FetchAsync([Held(Tax), Held(Housing)]);

        Assert.That(_world.Adapters.Values.SelectMany(adapter => adapter.Asked), Is.Empty);
    }

    [Test]
    public async Task Fetch_OneProviderSlow_IsTooSlowAndTheOthersValuesArrive()
    {
        _world.Adapters[Housing].Hang();

        var fetch = _world.FetchAsync([Located(Housing, "one"), Located(Tax, "two")]);
        await Eventually.Async("both asked", () => _world.Adapters.Values.All(adapter => !adapter.Asked.IsEmpty));
        _world.Clock.Advance(TimeSpan.FromMilliseconds(999));
        Assert.That(fetch.IsCompleted, Is.False, "within the attempt's time");
        _world.Clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.That(await fetch, Is.EqualTo(new[] { "PROVIDER_TOO_SLOW", "two" }));
        await Eventually.Async("the slow call is not left open", () => _world.Adapters[Housing].Left == 1);
    }

    [TestCase(StatusCode.Internal, "PROVIDER_FAILED")]
    [TestCase(StatusCode.DeadlineExceeded, "PROVIDER_UNREACHABLE")]
    [TestCase(StatusCode.ResourceExhausted, "PROVIDER_FAILED")]
    [TestCase(StatusCode.PermissionDenied, "PROVIDER_FAILED")]
    [TestCase(StatusCode.InvalidArgument, "PROVIDER_FAILED")]
    [TestCase(StatusCode.Unimplemented, "PROVIDER_FAILED")]
    [TestCase(StatusCode.Cancelled, "PROVIDER_FAILED")]
    public async Task Fetch_ProviderFails_CostsItsOwnFactsAndIsNotRepeated(StatusCode code, string reason)
    {
        _world.Adapters[Tax].FailWith(code);

        Assert.That(await _world.FetchAsync([Located(Tax, "one"), Located(Housing, "two"), Located(Tax, "three")]), Is.EqualTo(new[] { reason, "two", reason }));
        Assert.That(_world.Adapters[Tax].Asked, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Fetch_ProviderUnavailableOnce_IsAskedAgain()
    {
        var asked = 0;
        _world.Adapters[Tax].Answer = request => ++asked == 1
            ? throw new RpcException(new Status(StatusCode.Unavailable, ""))
            : Task.FromResult(FetchDouble.Found(request));

        var fetch = _world.FetchAsync(Tax);
        await _world.AdvanceUntilAsync("answered", () => fetch.IsCompleted);

        Assert.That((await fetch, asked), Is.EqualTo(("value", 2)));
    }

    [Test]
    public async Task Fetch_ProviderUnavailable_IsAskedAsOftenAsAllowed()
    {
        _world.Adapters[Tax].FailWith(StatusCode.Unavailable);

        var fetch = _world.FetchAsync(Tax);
        await _world.AdvanceUntilAsync("given up", () => fetch.IsCompleted);

        Assert.That((await fetch, _world.Adapters[Tax].Asked.Count), Is.EqualTo(("PROVIDER_UNREACHABLE", 2)));
    }

    [Test]
    public async Task Fetch_NobodyListens_IsUnreachable()
    {
        _world.Addresses[Tax] = new Uri($"https://127.0.0.1:{FreePort.Next()}");

        var fetch = _world.FetchAsync([Located(Tax, "one"), Located(Housing, "two")]);
        await _world.AdvanceUntilAsync("given up", () => fetch.IsCompleted);

        Assert.That(await fetch, Is.EqualTo(new[] { "PROVIDER_UNREACHABLE", "two" }));
    }

    [Test]
    public async Task Fetch_AnotherDepartmentAnswers_IsUnreachableAndNotAsked()
    {
        _world.Addresses[Tax] = _world.Addresses[Housing];

        var fetch = _world.FetchAsync(Tax);
        await _world.AdvanceUntilAsync("given up", () => fetch.IsCompleted);

        Assert.That(await fetch, Is.EqualTo("PROVIDER_UNREACHABLE"));
        Assert.That(_world.Adapters[Housing].Asked, Is.Empty);
    }

    [Test]
    public async Task Fetch_NoAdapterInTheCatalogue_IsUnreachable()
    {
        _world.Addresses[Tax] = null;

        Assert.That(await _world.FetchAsync(Tax), Is.EqualTo("PROVIDER_UNREACHABLE"));
    }

    [Test]
    public async Task Fetch_ProviderSuspended_IsSilentAndNotAsked()
    {
        _world.Suspended = Tax;

        Assert.That(await _world.FetchAsync([Located(Tax, "one"), Located(Housing, "two")]), Is.EqualTo(new[] { "PROVIDER_SILENT", "two" }));
        Assert.That(_world.Adapters[Tax].Asked, Is.Empty);
    }

    [TestCaseSource(nameof(BrokenResults))]
    public async Task Fetch_ResultBreaksTheContract_CostsThatFactOnly(Wire.FetchResult broken)
    {
        _world.Adapters[Tax].Answer = request =>
        {
            var response = FetchDouble.Found(request);
            response.Results[1] = broken;
            return Task.FromResult(response);
        };

        var fetched = await _world.FetchAsync([Located(Tax, "one"), Located(Tax, "two"), Located(Tax, "three")]);

        Assert.That(fetched, Is.EqualTo(new[] { "one", "PROVIDER_FAILED", "three" }));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(3)]
    public async Task Fetch_NotAsManyResultsAsAsked_CostsAllFactsOfTheProvider(int results)
    {
        _world.Adapters[Tax].Answer = _ => Task.FromResult(new Wire.FetchResponse { Results = { Enumerable.Repeat(FetchDouble.Found("whose?"), results) } });

        var fetched = await _world.FetchAsync([Located(Tax, "one"), Located(Housing, "two"), Located(Tax, "three")]);

        Assert.That(fetched, Is.EqualTo(new[] { "PROVIDER_FAILED", "two", "PROVIDER_FAILED" }));
    }

    [Test]
    public async Task Fetch_AbsentAndUnavailableItems_AreToldApart()
    {
        _world.Adapters[Tax].Answer = _ => Task.FromResult(new Wire.FetchResponse
        {
            Results = { new Wire.FetchResult { Absent = true }, new Wire.FetchResult { Unavailable = "NOT_GRANTED" } },
        });

        Assert.That(await _world.FetchAsync([Located(Tax, "one"), Located(Tax, "two")]), Is.EqualTo(new[] { "absent", "PROVIDER_UNREACHABLE" }));
    }

    [Test]
    public async Task Fetch_MoreFactsThanOneCallTakes_AreAskedInChunksOfWhichOneMayFail()
    {
        var facts = Enumerable.Range(0, (2 * WireLimits.FetchItemsMax) + 88).Select(n => Located(Tax, $"v{n}")).ToArray();
        _world.Adapters[Tax].Answer = request => request.Items[0].Subject.Locator.ToStringUtf8() == "v256"
            ? throw new RpcException(new Status(StatusCode.Internal, ""))
            : Task.FromResult(FetchDouble.Found(request));

        var fetched = await _world.FetchAsync(facts);

        Assert.That(_world.Adapters[Tax].Asked.Select(request => request.Items.Count), Is.EquivalentTo(new[] { 256, 256, 88 }));
        Assert.That(fetched, Is.EqualTo(facts.Select((_, n) => n is >= 256 and < 512 ? "PROVIDER_FAILED" : $"v{n}")));
    }

    [Test]
    public async Task Fetch_NoTimeLeftAfterTheReserve_IsTooSlowAndNotAsked()
    {
        Assert.That(await _world.FetchAsync(Tax, TimeSpan.FromMilliseconds(40)), Is.EqualTo("PROVIDER_TOO_SLOW"));
        Assert.That(_world.Adapters[Tax].Asked, Is.Empty);
    }

    [Test]
    public async Task Fetch_CallerLeaves_EndsAtOnceAndLeavesNoCallOpen()
    {
        _world.Adapters[Tax].Hang();
        using var caller = new CancellationTokenSource();

        var fetch = _world.FetchAsync([Located(Tax, "one"), Located(Housing, "two")], cancellationToken: caller.Token);
        await Eventually.Async("both asked", () => _world.Adapters.Values.All(adapter => !adapter.Asked.IsEmpty));
        await caller.CancelAsync();

        Assert.That((await fetch)[0], Is.EqualTo("PROVIDER_TOO_SLOW"));
        await Eventually.Async("the call is not left open", () => _world.Adapters[Tax].Left == 1);
    }
}
