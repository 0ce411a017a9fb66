using System.Net;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Hosting;
using DataExchange.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>Oversize, malformed and over-limit input is refused by the table, quotes nothing, and leaves the hub answering.</summary>
[TestFixture]
internal sealed class BadInputTests
{
    private const string Lookup = "/dataexchange.lookup.v1.LookupService/Lookup";
    private const string LookupMany = "/dataexchange.lookup.v1.LookupService/LookupMany";
    private const string Publish = "/dataexchange.change.v1.ChangeIngressService/Publish";
    private const string Marker = "MARK4711081512345678";
    private const int Mebibyte = 1024 * 1024;

    private static readonly Identifier Marked = new(TestCatalogue.Scheme, Marker);

    private TestExchange _exchange = null!;
    private RawCall _call = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _exchange = await TestExchange.StartAsync();
        await _exchange.PublishAsync(Ask.Body(1), "good", "lane");
    }

    [SetUp]
    public void Connect() => _call = new RawCall(_exchange.Address, _exchange.Certificates.Department(TestCatalogue.Foreign), PeerRole.Hub);

    [TearDown]
    public async Task VerifyAliveAsync()
    {
        _call.Dispose();
        var answer = await _exchange.Lookups().LookupAsync(Ask.About(Ask.Body(1), Ask.Held));
        Assert.That(answer.Answers.Single().Evidence.Single().Value.Text, Is.EqualTo("good"));
    }

    [OneTimeTearDown]
    public ValueTask StopAsync() => _exchange.DisposeAsync();

    [Test]
    public Task Lookup_65KiB_IsTooLarge() => VerifyAsync(
        Lookup, new Wire.LookupRequest { Identifier = Marked.ToWire(), LegalBasis = new string('x', 65 * 1024) }.ToByteArray(),
        StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE");

    [Test]
    public async Task Call_HeadersThatClaimSomebodyElse_ChangeNothing()
    {
        // Welfare is granted it, foreign is not.
        var headers = new Metadata
        {
            { "x-forwarded-client-cert", $"By=spiffe://test/department/{TestCatalogue.Welfare}" },
            { "x-forwarded-for", "127.0.0.1" },
            { "forwarded", $"for={TestCatalogue.Welfare}" },
            { "x-department", TestCatalogue.Welfare },
            { "authorization", $"Bearer {TestCatalogue.Welfare}" },
        };
        var lookups = new Wire.LookupService.LookupServiceClient(_exchange.Connect(TestCatalogue.Foreign));

        var refused = (await Assert.ThrowsAsync<RpcException>(async () => await lookups.LookupAsync(Ask.About(Ask.Body(1), Ask.Held), headers)))!;

        Assert.That(refused.Status.Detail, Does.StartWith("NOT_GRANTED"));
    }

    [TestCase(LookupMany)]
    [TestCase(Publish)]
    public Task Stream_2MiBMessage_IsTooLarge(string method) =>
        VerifyAsync(method, Oversize(2 * Mebibyte), StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE");

    [TestCase(Lookup)]
    [TestCase(LookupMany)]
    [TestCase(Publish)]
    public Task Call_4MiBOfEmptySubMessages_IsTooLarge(string method) =>
        VerifyAsync(method, EmptySubMessages(4 * Mebibyte), StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE");

    [Test]
    public Task LookupMany_EmptyLookupsBelowTheSizeLimit_IsInvalid() =>
        VerifyAsync(LookupMany, EmptySubMessages(Mebibyte / 2), StatusCode.InvalidArgument, "REQUEST_INVALID");

    [Test]
    public Task LookupMany_101Lookups_IsInvalid()
    {
        var request = new Wire.LookupManyRequest();
        request.Lookups.AddRange(Enumerable.Repeat(Ask.About(Marked, Ask.Held), 101));
        return VerifyAsync(LookupMany, request.ToByteArray(), StatusCode.InvalidArgument, "REQUEST_INVALID");
    }

    [Test]
    public Task Lookup_65Attributes_IsInvalid()
    {
        var request = Ask.About(Marked);
        request.Attributes.AddRange(Enumerable.Range(0, 65).Select(i => new Wire.AttributeId { Department = TestCatalogue.Registry, Name = $"a{i}" }));
        return VerifyAsync(Lookup, request.ToByteArray(), StatusCode.InvalidArgument, "REQUEST_INVALID");
    }

    [TestCase(Lookup)]
    [TestCase(LookupMany)]
    public Task Call_EmptyMessage_IsInvalid(string method) => VerifyAsync(method, [], StatusCode.InvalidArgument, "REQUEST_INVALID");

    [TestCase(Lookup)]
    [TestCase(LookupMany)]
    [TestCase(Publish)]
    public Task Call_GarbageBytes_IsInvalid(string method)
    {
        // Field 1, length-delimited, longer than what follows: the marker.
        byte[] garbage = [0x0a, 0x7f, .. System.Text.Encoding.ASCII.GetBytes(Marker)];
        return VerifyAsync(method, garbage, StatusCode.InvalidArgument, "REQUEST_INVALID");
    }

    [Test]
    public Task Call_UnknownMethod_IsUnimplemented() =>
        VerifyAsync("/dataexchange.lookup.v1.LookupService/LookupAll", [], StatusCode.Unimplemented, "");

    [Test]
    public async Task Call_CompressedMessage_IsUnimplemented()
    {
        var answer = await _call.SendAsync(Lookup, RawCall.Frame(Ask.About(Marked, Ask.Held).ToByteArray(), compressed: true), encoding: "gzip");

        Assert.That(answer.Code, Is.EqualTo(StatusCode.Unimplemented));
        Assert.That(answer.Text, Does.Not.Contain(Marker));
    }

    [Test]
    public async Task Call_Http11_ConnectionIsRefused() => await Assert.ThatAsync(
        () => _call.SendAsync(Lookup, RawCall.Frame([]), version: HttpVersion.Version11), Throws.InstanceOf<HttpRequestException>());

    [Test]
    public async Task Publish_SignedBatchOfEmptyChanges_IsRejectedAlone()
    {
        var changes = new Wire.ChangeBatch
        {
            Department = TestCatalogue.Foreign,
            StreamEpoch = ByteString.CopyFrom(new byte[WireLimits.EpochBytes]),
            FirstSequence = 1,
            PackedAt = DateTimeOffset.UnixEpoch.ToTimestamp(),
        };
        changes.Changes.AddRange(Enumerable.Range(0, 300_000).Select(_ => new Wire.Change()));
        using var credentials = TlsCredentials.Load(_exchange.Certificates.Department(TestCatalogue.Foreign));
        using var key = credentials.Certificate.GetECDsaPrivateKey()!;
        var payload = changes.ToByteArray();
        var client = new Wire.ChangeIngressService.ChangeIngressServiceClient(_exchange.Connect(TestCatalogue.Foreign));
        using var stream = client.Publish(deadline: DateTime.MaxValue);

        await stream.RequestStream.WriteAsync(new Wire.PublishRequest
        {
            Batch = new Wire.SignedChangeBatch
            {
                Payload = UnsafeByteOperations.UnsafeWrap(payload),
                KeyId = KeyId.Of(credentials.Certificate),
                Signature = UnsafeByteOperations.UnsafeWrap(BatchSignature.Sign(key, payload)),
            },
        });
        using var limit = new CancellationTokenSource(Eventually.DefaultTimeout);
        Assert.That(await stream.ResponseStream.MoveNext(limit.Token), Is.True);

        var response = stream.ResponseStream.Current;
        Assert.That((response.Result, response.Reason), Is.EqualTo((Wire.BatchResult.Rejected, "BATCH_MALFORMED")));
    }

    private async Task VerifyAsync(string method, byte[] message, StatusCode code, string reason)
    {
        var answer = await _call.SendAsync(method, RawCall.Frame(message));

        Assert.That((answer.Code, answer.Reason), Is.EqualTo(((StatusCode?)code, reason)));
        Assert.That(answer.Text, Does.Not.Contain(Marker));
    }

    /// <summary>One field of bytes, so that parsing it would be no fault.</summary>
    private static byte[] Oversize(int bytes) =>
        new Wire.PublishRequest { Batch = new Wire.SignedChangeBatch { Payload = UnsafeByteOperations.UnsafeWrap(new byte[bytes]) } }.ToByteArray();

    /// <summary>Field 1 again and again, each of no bytes: two bytes on the wire, an object each when parsed.</summary>
    private static byte[] EmptySubMessages(int bytes)
    {
        var message = new byte[bytes];
        for (var i = 0; i < bytes; i += 2)
            message[i] = 0x0a;
        return message;
    }
}
