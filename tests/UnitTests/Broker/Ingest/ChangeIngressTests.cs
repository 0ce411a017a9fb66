using System.Collections.Concurrent;
using System.Diagnostics;
using DataExchange.Adapter;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Ingest;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

/// <summary>The ingress through a real listener with mutual TLS.</summary>
[TestFixture]
internal sealed class ChangeIngressTests
{
    private TestCertificates _certificates = null!;
    private TlsCredentials _taxTls = null!;
    private TlsCredentials _housingTls = null!;
    private CatalogueFile _file = null!;
    private IngestHub _hub = null!;
    private LogCapture _logs = null!;
    private LoopbackServer _server = null!;
    private GrpcChannel _channel = null!;
    private Wire.ChangeIngressService.ChangeIngressServiceClient _client = null!;

    [OneTimeSetUp]
    public void MakeCertificates()
    {
        _certificates = new TestCertificates("tax", "housing");
        _taxTls = TlsCredentials.Load(_certificates.Department("tax"));
        _housingTls = TlsCredentials.Load(_certificates.Department("housing"));
        _file = IngestSamples.File with { Keys = [.. IngestSamples.File.Keys, LoopbackServer.KeyOf(_certificates, Tax), LoopbackServer.KeyOf(_certificates, Housing)] };
    }

    [SetUp]
    public async Task StartHub()
    {
        _hub = new IngestHub(CatalogueOf(_file));
        _logs = new LogCapture();
        _server = await LoopbackServer.StartAsync<ChangeIngressGrpcService>(_certificates.Hub, new BrokerKeyDirectory(_hub.Catalogue), _logs, services =>
        {
            services.AddSingleton(_hub.Ingest);
            services.AddSingleton(_hub.Index.Streams);
            services.AddSingleton(_hub.Options);
        });
        _channel = MutualTlsClient.Connect(_server.Address, _taxTls, new ExpectedPeer(PeerRole.Hub));
        _client = new(_channel);
    }

    [TearDown]
    public async Task StopHub()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
        await _hub.DisposeAsync();
        _logs.VerifyNoErrors();
        _logs.Dispose();
    }

    [OneTimeTearDown]
    public void RemoveCertificates()
    {
        _taxTls.Dispose();
        _housingTls.Dispose();
        _certificates.Dispose();
    }

    [Test]
    public async Task Publish_ManyBatchesWithOneWrong_AnswersEachInOrderAndGoesOn()
    {
        using var call = _client.Publish();
        var wrong = Plain(50);
        wrong.Changes[0].Set.Value = new() { Text = "CANARY" };

        for (var first = 1UL; first <= 200; first++)
            await SendAsync(call, first == 50 ? wrong : Plain(first));
        await call.RequestStream.CompleteAsync();
        var answers = await call.ResponseStream.ReadAllAsync().ToListAsync();

        Assert.Multiple(() =>
        {
            Assert.That(answers.Select(a => a.FirstSequence), Is.EqualTo(Enumerable.Range(1, 200).Select(n => (ulong)n)));
            Assert.That(answers.Where(a => a.Result != Wire.BatchResult.Applied).Select(a => (a.FirstSequence, a.Result, a.Reason)),
                Is.EqualTo(new[] { (50UL, Wire.BatchResult.Rejected, "VALUE_REFUSED") }));
            Assert.That(answers[49].Detail, Does.StartWith("changes[0].set.value").And.Not.Contain("CANARY"));
            Assert.That(answers[^1].Watermark, Is.EqualTo(49));
        });
    }

    [Test]
    public async Task Publish_SameBatchOnANewStream_IsADuplicate()
    {
        await PublishAsync(Sign(Plain(1, changes: 4)));

        var again = await PublishAsync(Sign(Plain(1, changes: 4)));

        Assert.That((again.Result, again.Watermark), Is.EqualTo((Wire.BatchResult.Duplicate, 4UL)));
    }

    [Test]
    public async Task Publish_NoBatch_IsRefusedAsMalformed()
    {
        using var call = _client.Publish();
        await call.RequestStream.WriteAsync(new());
        await call.ResponseStream.MoveNext();

        var answer = call.ResponseStream.Current;
        Assert.That((answer.Result, answer.Reason, answer.FirstSequence), Is.EqualTo((Wire.BatchResult.Rejected, "BATCH_MALFORMED", 0UL)));
    }

    private static IEnumerable<TestCaseData> IdentityFaults() =>
    [
        new TestCaseData(() => Sign(Plain(2), HousingKey), "SIGNER_MISMATCH").SetArgDisplayNames("signed by another department"),
        new TestCaseData(() => Sign(Of("housing"), HousingKey), "SIGNER_MISMATCH").SetArgDisplayNames("another department's own batch"),
        new TestCaseData(() => Sign(Plain(2), TaxTlsKey), "KEY_NOT_REGISTERED").SetArgDisplayNames("signed with a key not for signing"),
        new TestCaseData((Func<Wire.SignedChangeBatch>)Forged, "SIGNATURE_INVALID").SetArgDisplayNames("forged signature"),
    ];

    [TestCaseSource(nameof(IdentityFaults))]
    public async Task Publish_FaultOfIdentity_EndsTheStreamAfterAnsweringWhatCameBefore(Func<Wire.SignedChangeBatch> make, string reason)
    {
        using var call = _client.Publish();
        await SendAsync(call, Plain(1));
        await call.RequestStream.WriteAsync(new() { Batch = make() });

        Assert.That(await call.ResponseStream.MoveNext(), Is.True);
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());

        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.PermissionDenied, reason)));
        Assert.That((_hub.Watermark, _hub.Index.Streams.Find(Housing)), Is.EqualTo((1UL, (object?)null)));
    }

    [Test]
    public async Task Publish_KeyWithdrawnWhileTheStreamRuns_EndsIt()
    {
        using var call = _client.Publish();
        await SendAsync(call, Plain(1));
        Assert.That(await call.ResponseStream.MoveNext(), Is.True);
        _hub.Catalogue.Replace(CatalogueSnapshot.Of(2, IngestSamples.File));

        await SendAsync(call, Plain(2));
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());

        Assert.That((ReasonOf(failure!), _hub.Watermark), Is.EqualTo(("KEY_NOT_REGISTERED", 1UL)));
    }

    [Test]
    public async Task Publish_KeyWithdrawnWhileTheStreamIsIdle_EndsItWithinFiveSecondsOfThePoll()
    {
        using var call = _client.Publish();
        await SendAsync(call, Plain(1));
        Assert.That(await call.ResponseStream.MoveNext(), Is.True);

        _hub.Catalogue.Replace(CatalogueSnapshot.Of(2, IngestSamples.File));
        var end = call.ResponseStream.MoveNext().WaitAsync(TimeSpan.FromSeconds(5) - new CatalogueOptions().PollInterval);
        var failure = await Assert.ThrowsAsync<RpcException>(() => end);

        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.PermissionDenied, "KEY_NOT_REGISTERED")));
    }

    [Test]
    public async Task Publish_IndexUnavailable_EndsTheStreamAsUnavailable()
    {
        _hub.Index.Condition.WriteFailure = new IOException("disk");
        using var call = _client.Publish();
        await SendAsync(call, Plain(1));

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext());

        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.Unavailable, "INDEX_UNAVAILABLE")));
    }

    [Test]
    public async Task Publish_LargestBatch_FitsThrough()
    {
        var batch = Plain(1, changes: 0);
        while (batch.CalculateSize() < WireLimits.BatchBytesMax - 5_000)
            batch.Changes.Add(Set("employer", new() { Text = new string('x', 4_000) }));

        Assert.That((await PublishAsync(Sign(batch))).Result, Is.EqualTo(Wire.BatchResult.Applied));
    }

    [Test]
    public async Task Publish_BatchOverTheLimit_IsRefused()
    {
        var batch = Plain(1, changes: 0);
        while (batch.CalculateSize() <= WireLimits.BatchBytesMax)
            batch.Changes.Add(Set("employer", new() { Text = new string('x', 4_000) }));

        Assert.That((await PublishAsync(Sign(batch))).Reason, Is.EqualTo("BATCH_MALFORMED"));
    }

    [Test]
    public async Task Publish_CallerLeavesInMidStream_ServesTheNextOne()
    {
        using (var call = _client.Publish())
        {
            await SendAsync(call, Plain(1));
            Assert.That(await call.ResponseStream.MoveNext(), Is.True);
            await SendAsync(call, Plain(2));
        }

        Assert.That((await PublishAsync(Sign(Plain(3)))).Result, Is.EqualTo(Wire.BatchResult.Applied));
    }

    [Test]
    public async Task Publish_EachBatchUnderASpanOfItsOwn_AppliesItUnderThatSpan()
    {
        var applied = new ConcurrentQueue<Activity>();
        using var listener = Listen(applied);
        await using var publisher = new IngressBatchPublisher(_client);
        var published = new List<Activity>();
        for (var first = 1UL; first <= 3; first++)
        {
            using var publish = ExchangeDiagnostics.ActivitySource.StartActivity("publish batch", ActivityKind.Producer)!;
            publish.AddBaggage("person", "CANARY");
            published.Add(publish);
            await publisher.PublishAsync(first, Sign(Plain(first)), CancellationToken.None);
        }

        Assert.That(applied.Select(apply => (apply.TraceId, apply.ParentSpanId)), Is.EqualTo(published.Select(publish => (publish.TraceId, publish.SpanId))));
        Assert.That(published.Select(publish => publish.TraceId), Is.Unique);
        Assert.That(applied.SelectMany(apply => apply.Baggage), Is.Empty);
    }

    [TestCase("")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331")]
    [TestCase("00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01")]
    [TestCase("00-00000000000000000000000000000000-b7ad6b7169203331-01")]
    [TestCase("00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01")]
    [TestCase("ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [TestCase("CANARY")]
    public async Task Publish_TraceparentMalformed_IsIgnored(string traceparent)
    {
        var applied = new ConcurrentQueue<Activity>();
        using var listener = Listen(applied);
        using var call = _client.Publish();
        await call.RequestStream.WriteAsync(new() { Batch = Sign(Plain(1)), Traceparent = traceparent });
        await call.ResponseStream.MoveNext();

        Assert.That(call.ResponseStream.Current.Result, Is.EqualTo(Wire.BatchResult.Applied));
        Assert.That(applied.Single().TraceId.ToHexString(), Is.Not.EqualTo("0af7651916cd43dd8448eb211c80319c").And.Not.EqualTo(new string('0', 32)));
    }

    [Test]
    public async Task GetStreamState_BeforeTheFirstBatch_IsEmpty() =>
        Assert.That(await _client.GetStreamStateAsync(new()), Is.EqualTo(new Wire.GetStreamStateResponse()));

    [Test]
    public async Task GetStreamState_WithAGap_TellsItToItsOwnDepartmentOnly()
    {
        await PublishAsync(Sign(Plain(1)));
        await PublishAsync(Sign(Plain(4)));
        using var housing = MutualTlsClient.Connect(_server.Address, _housingTls, new ExpectedPeer(PeerRole.Hub));

        var own = await _client.GetStreamStateAsync(new());
        var others = await new Wire.ChangeIngressService.ChangeIngressServiceClient(housing).GetStreamStateAsync(new());

        Assert.That(own, Is.EqualTo(new Wire.GetStreamStateResponse { StreamEpoch = Epoch, Watermark = 1, Gaps = { new Wire.SequenceRange { First = 2, Last = 3 } } }));
        Assert.That(others, Is.EqualTo(new Wire.GetStreamStateResponse()));
    }

    [Test]
    public async Task GetStreamState_AfterARewrite_IsQuarantined()
    {
        await PublishAsync(Sign(Plain(1)));
        var answer = await PublishAsync(Sign(Plain(1, changes: 2)));

        Assert.That((answer.Result, answer.Reason), Is.EqualTo((Wire.BatchResult.Quarantined, "SEQUENCE_REWRITTEN")));
        Assert.That((await _client.GetStreamStateAsync(new())).Quarantined, Is.True);
        _logs.Expect("IndexStreamRefused");
    }

    private async Task<Wire.PublishResponse> PublishAsync(Wire.SignedChangeBatch signed)
    {
        using var call = _client.Publish();
        await call.RequestStream.WriteAsync(new() { Batch = signed });
        Assert.That(await call.ResponseStream.MoveNext(), Is.True);
        return call.ResponseStream.Current;
    }

    private static ActivityListener Listen(ConcurrentQueue<Activity> applied)
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source == ExchangeDiagnostics.ActivitySource,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activity =>
            {
                if (activity.OperationName == "ingest apply")
                    applied.Enqueue(activity);
            },
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static Task SendAsync(AsyncDuplexStreamingCall<Wire.PublishRequest, Wire.PublishResponse> call, Wire.ChangeBatch batch) =>
        call.RequestStream.WriteAsync(new() { Batch = Sign(batch) });

    private static Wire.ChangeBatch Of(string department)
    {
        var batch = Plain(2);
        batch.Department = department;
        return batch;
    }

    private static Wire.SignedChangeBatch Forged()
    {
        var forged = Sign(Plain(2));
        forged.Signature = Sign(Plain(3)).Signature;
        return forged;
    }

    private static string? ReasonOf(RpcException failure) => failure.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason;
}
