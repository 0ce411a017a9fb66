using System.Security.Cryptography.X509Certificates;
using DataExchange.Adapter;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NUnit.Framework;

namespace DataExchange.UnitTests.Adapter;

/// <summary>A department's adapter from its two registration calls to what the hub sees of it.</summary>
[TestFixture]
internal sealed class DepartmentAdapterTests
{
    private AdapterFixture _adapter = null!;

    [SetUp]
    public async Task StartAdapter() => _adapter = await AdapterFixture.StartAsync();

    [TearDown]
    public async Task StopAdapter() => await _adapter.DisposeAsync();

    [Test]
    public async Task Source_Filled_ArrivesAtTheHubAndHealthIsGood()
    {
        _adapter.Source.Add(250);

        var figures = await _adapter.CurrentAsync(250);

        Assert.That(_adapter.Hub.Script.Received.SelectMany(b => b.Changes), Is.EqualTo(Enumerable.Range(1, 250).Select(n => Sample.Change(n))));
        Assert.That((figures.LastSequence, figures.ConfirmedSequence, figures.Published), Is.EqualTo((250UL, 250UL, 250UL)));
        await Eventually.Async("health is good", async () => (await HealthAsync()).Status == HealthStatus.Healthy);
        Assert.That((await HealthAsync()).Data["hubWatermark"], Is.EqualTo(250UL));
    }

    [Test]
    public async Task Source_BreaksTheContract_HealthNamesFieldAndRule()
    {
        _adapter.Source.Add(2);
        await _adapter.CurrentAsync(2);
        _adapter.Logs.Expect("ChangeRefused").Expect("HealthCheckEnd");
        _adapter.Source.AddWrong();

        await Eventually.Async("health is bad", HealthAsync,
            health => health.Status == HealthStatus.Unhealthy && health.Description == "The change after sequence 2: set.value must be present for a held attribute");
    }

    [Test]
    public async Task Hub_QuarantinesTheStream_HealthSaysSo()
    {
        _adapter.Logs.Expect("Quarantined").Expect("HealthCheckEnd");
        _adapter.Hub.Script.Quarantined = true;

        await Eventually.Async("health is bad", HealthAsync,
            health => health.Status == HealthStatus.Unhealthy && health.Description == ErrorReasons.ProviderQuarantined.Meaning);
    }

    [Test]
    public async Task Describe_ByTheHub_TellsTheStreamAndTheAttributes()
    {
        _adapter.Source.Add(3);
        await _adapter.CurrentAsync(3);

        var described = await _adapter.Connect().DescribeAsync(new Wire.DescribeRequest());

        Assert.That((described.Department, described.StreamEpoch, described.LastSequence), Is.EqualTo((Sample.Department.Value, _adapter.Outbox.Epoch, 3UL)));
        Assert.That(described.Attributes.Select(a => (a.Name, a.Located)), Is.EqualTo(new[] { (Sample.Held, false), (Sample.Located, true) }));
        Assert.That((described.Limits.AnswerTimeMax.ToTimeSpan(), described.Limits.CallsMax), Is.EqualTo((TimeSpan.FromSeconds(5), 256)));
    }

    [TestCase("department/tax")]
    [TestCase("department/health")]
    [TestCase("hub/hub2")]
    [TestCase("hub/hub1")]
    public async Task AnyRpc_ByAnotherKeyThanThePinnedHubs_IsRefused(string name)
    {
        var client = _adapter.Connect(name);

        await AssertRefusedAsync(async () => await client.DescribeAsync(new Wire.DescribeRequest()), ErrorReasons.HubOnly);
        await AssertRefusedAsync(async () => await client.FetchAsync(new Wire.FetchRequest()), ErrorReasons.HubOnly);
        await AssertRefusedAsync(() => ReadAsync(client, new Wire.ReadChangesRequest { FromSequence = 1 }), ErrorReasons.HubOnly);
    }

    [Test]
    public async Task ReadChanges_AnyRange_GivesTheStoredBatchesThatHoldIt()
    {
        await using var adapter = await AdapterFixture.StartAsync(options => (options.BatchChangesMax, options.OutboxTailBatches) = (10, 1_000));
        adapter.Source.Add(200);
        await adapter.CurrentAsync(200);
        var client = adapter.Connect();
        var sent = adapter.Hub.Script.Applied;

        async Task<IEnumerable<byte[]>> Payloads(ulong from, ulong to) =>
            (await ReadAsync(client, new Wire.ReadChangesRequest { StreamEpoch = adapter.Outbox.Epoch, FromSequence = from, ToSequence = to }))
            .Select(b => b.Payload.ToByteArray());

        Assert.That(await Payloads(1, 0), Is.EqualTo(sent), "more than one page, byte for byte");
        Assert.That(await Payloads(15, 31), Is.EqualTo(sent.Skip(1).Take(3)));
        Assert.That(await Payloads(200, 999), Is.EqualTo(sent.TakeLast(1)));
        Assert.That(await Payloads(201, 0), Is.Empty);
        using var key = adapter.Services.GetRequiredService<TlsCredentials>().Certificate.GetECDsaPublicKey()!;
        var signed = await ReadAsync(client, new Wire.ReadChangesRequest { StreamEpoch = adapter.Outbox.Epoch, FromSequence = 1, ToSequence = 1 });
        Assert.That(BatchSignature.Verify(key, signed[0].Payload.Span, signed[0].Signature.Span));
    }

    [Test]
    public async Task ReadChanges_WhatCannotBeGiven_SaysWhy()
    {
        _adapter.Source.Add(3);
        await _adapter.CurrentAsync(3);
        await Eventually.Async("the outbox is trimmed", () => _adapter.Outbox.FirstSequence == 4);
        var client = _adapter.Connect();

        await AssertRefusedAsync(() => ReadAsync(client, new Wire.ReadChangesRequest { FromSequence = 1 }), ErrorReasons.EpochUnknown);
        await AssertRefusedAsync(() => ReadAsync(client, new Wire.ReadChangesRequest { StreamEpoch = _adapter.Outbox.Epoch }), ErrorReasons.RequestInvalid);
        await AssertRefusedAsync(() => ReadAsync(client, new Wire.ReadChangesRequest { StreamEpoch = _adapter.Outbox.Epoch, FromSequence = 1 }), ErrorReasons.OutboxTrimmed);
    }

    [Test]
    public async Task Fetch_LocatorsOfThePublishedChanges_AnswersEachItemInOrderWithTheContext()
    {
        _adapter.Source.AddLocated("4711", "absent", "refused");
        await _adapter.CurrentAsync(3);
        var locators = _adapter.Hub.Script.Received.SelectMany(b => b.Changes).Select(c => c.Set.Locator).ToList();
        Assert.That(locators.Select(l => l.ToStringUtf8()), Has.None.Empty.And.None.Contains("4711"));

        var request = new Wire.FetchRequest { Consumer = "housing", Purpose = "rent", LegalBasis = "law 1", CaseId = "c1", RequestId = "r1" };
        request.Items.Add(locators.Select(locator => Item(locator)));
        request.Items.Add(new Wire.FetchItem { Subject = new Wire.SubjectRef { Identifier = new Wire.Identifier { Scheme = "person", Value = "8" } }, Attribute = Sample.Located });
        var results = (await _adapter.Connect().FetchAsync(request)).Results;

        Assert.That(results[0].Found.Value.Text, Is.EqualTo("person/4711/income"));
        Assert.That(results[0].Found.AsOf.ToDateTimeOffset(), Is.EqualTo(ScriptedLiveSource.AsOf));
        Assert.That(results[1].Absent);
        Assert.That(results[2].Unavailable, Is.EqualTo(ErrorReasons.NotGranted.Name));
        Assert.That(results[3].Found.Value.Text, Is.EqualTo("person/8/income"));
        Assert.That(_adapter.Live.LastContext, Is.EqualTo(new LiveFetchContext("housing", "rent", "law 1", "c1", "r1")));
    }

    [Test]
    public async Task Fetch_ItemsThatCannotBeRead_FailAloneAndNeverTheRest()
    {
        var key = _adapter.Services.GetRequiredService<LocatorKey>();
        var proper = ByteString.CopyFrom(key.Seal("person", "1"));
        var garbled = proper.ToByteArray();
        garbled[20] ^= 1;

        var request = new Wire.FetchRequest
        {
            Items =
            {
                Item(ByteString.CopyFrom(garbled)), Item(ByteString.CopyFrom(Sample.Key().Seal("person", "1"))), Item(proper), Item(ByteString.Empty),
                Item(proper, Sample.Held), Item(proper, "other"), new Wire.FetchItem { Attribute = Sample.Located },
            },
        };
        var results = (await _adapter.Connect().FetchAsync(request)).Results;

        Assert.That(results.Select(r => r.Unavailable), Is.EqualTo(new[] { "PROVIDER_FAILED", "PROVIDER_FAILED", "", "PROVIDER_FAILED", "PROVIDER_FAILED", "PROVIDER_FAILED", "PROVIDER_FAILED" }));
        Assert.That(results[2].Found.Value.Text, Is.EqualTo("person/1/income"));
    }

    [Test]
    public async Task Fetch_LiveSourceThrows_EveryItemIsUnavailableAndNothingOfItsTextGetsOut()
    {
        _adapter.Logs.Expect("LiveSourceFailed");
        _adapter.Live.Throws = new InvalidDataException("person 4711 has no record");
        var key = _adapter.Services.GetRequiredService<LocatorKey>();

        var response = await _adapter.Connect().FetchAsync(new Wire.FetchRequest { Items = { Item(ByteString.CopyFrom(key.Seal("person", "4711"))) } });

        Assert.That(response.Results.Single().Unavailable, Is.EqualTo("PROVIDER_FAILED"));
        Assert.That(_adapter.Logs.Text, Does.Contain("LiveSourceFailed").And.Not.Contain("4711"));
    }

    [TestCase(false)]
    [TestCase(true)]
    public async Task Fetch_LiveSourceHangs_IsAnsweredWithinTheStatedTime(bool blocking)
    {
        using var blocked = new ManualResetEventSlim(initialState: !blocking);
        await using var adapter = await AdapterFixture.StartAsync(options => options.AnswerTimeMax = TimeSpan.FromMilliseconds(50));
        adapter.Live.Hangs = true;
        adapter.Live.Blocks = blocked;
        var key = adapter.Services.GetRequiredService<LocatorKey>();

        var response = await adapter.Connect().FetchAsync(new Wire.FetchRequest { Items = { Item(ByteString.CopyFrom(key.Seal("person", "1"))), Item(ByteString.Empty) } });

        Assert.That(response.Results.Select(r => r.Unavailable), Is.EqualTo(new[] { "PROVIDER_TOO_SLOW", "PROVIDER_FAILED" }));
        Assert.That(adapter.Logs.Text, Does.Contain("LiveSourceTooSlow"));
        blocked.Set();
    }

    [TestCase(0)]
    [TestCase(WireLimits.FetchItemsMax + 1)]
    public async Task Fetch_TooFewOrTooManyItems_IsRefusedBeforeTheSourceIsAsked(int count)
    {
        var request = new Wire.FetchRequest { Items = { Enumerable.Repeat(Item(ByteString.Empty), count) } };

        await AssertRefusedAsync(async () => await _adapter.Connect().FetchAsync(request), ErrorReasons.RequestInvalid);
        Assert.That(_adapter.Live.Calls, Is.Zero);
    }

    private static Wire.FetchItem Item(ByteString locator, string attribute = Sample.Located) =>
        new() { Subject = new Wire.SubjectRef { Locator = locator }, Attribute = attribute };

    private static async Task AssertRefusedAsync(Func<Task> call, ErrorReason reason)
    {
        var refused = (await Assert.ThrowsAsync<RpcException>(() => call()))!;
        Assert.That(refused.StatusCode, Is.EqualTo(reason.Code));
        Assert.That(refused.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason, Is.EqualTo(reason.Name));
    }

    private static async Task<List<Wire.SignedChangeBatch>> ReadAsync(Wire.AdapterService.AdapterServiceClient client, Wire.ReadChangesRequest request)
    {
        var batches = new List<Wire.SignedChangeBatch>();
        using var call = client.ReadChanges(request);
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
            batches.Add(call.ResponseStream.Current.Batch);
        return batches;
    }

    private async Task<HealthReportEntry> HealthAsync() =>
        (await _adapter.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync()).Entries[AdapterHealthCheck.Name];
}
