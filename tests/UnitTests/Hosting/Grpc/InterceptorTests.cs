using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Grpc;

/// <summary>What callers see of failures, over a real connection.</summary>
[TestFixture]
internal sealed class InterceptorTests
{
    private const string Canary = "CANARY-11010519491231002X";

    private TestAuthority _authority = null!;
    private TestServer _server = null!;
    private TlsCredentials _tax = null!;
    private GrpcChannel _channel = null!;
    private Wire.LookupService.LookupServiceClient _client = null!;

    [SetUp]
    public async Task StartServer()
    {
        _authority = new TestAuthority();
        _server = await TestServer.StartAsync(_authority);
        _tax = _server.Client("tax");
        _channel = _server.Connect(_tax);
        _client = new Wire.LookupService.LookupServiceClient(_channel);
    }

    [TearDown]
    public async Task StopServer()
    {
        _channel.Dispose();
        _tax.Dispose();
        await _server.DisposeAsync();
        _authority.Dispose();
    }

    [Test]
    public async Task Call_UnknownDepartment_IsRefusedBeforeTheServiceRuns()
    {
        _server.Service.OnLookup = (_, _) => throw new AssertionException("the service ran");
        _server.Keys.Registered.Clear();

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await _client.LookupAsync(new()));

        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.PermissionDenied, "DEPARTMENT_UNKNOWN")));
    }

    [Test]
    public async Task Call_KeyNotRegistered_IsRefusedOnTheOpenConnection()
    {
        await _client.LookupAsync(new());
        _server.Keys.Registered["tax"] = new string('0', KeyId.Length);

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await _client.LookupAsync(new()));

        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.PermissionDenied, "KEY_NOT_REGISTERED")));
    }

    [Test]
    public async Task Call_CertificateEndsWhileConnected_IsRefused()
    {
        await _client.LookupAsync(new());
        _server.Clock.Advance(TimeSpan.FromDays(2));

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await _client.LookupAsync(new()));

        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.Unauthenticated, "CERTIFICATE_REFUSED")));
    }

    [Test]
    public async Task Stream_KeyRevokedWhileItIsOpen_EndsAtTheNextMessage()
    {
        using var stream = _client.LookupMany();
        await stream.RequestStream.WriteAsync(new());
        Assert.That(await stream.ResponseStream.MoveNext(default), Is.True);

        _server.Keys.Registered.Clear();
        await stream.RequestStream.WriteAsync(new());

        var failure = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(default));
        Assert.That(ReasonOf(failure!), Is.EqualTo("DEPARTMENT_UNKNOWN"));
    }

    [Test]
    public async Task Stream_KeyRevokedWhileTheServerSends_SendsNothingMore()
    {
        using var revoked = new SemaphoreSlim(0);
        _server.Service.OnLookupMany = async (_, responses, context) =>
        {
            await responses.WriteAsync(new(), context.CancellationToken);
            await revoked.WaitAsync(context.CancellationToken);
            await responses.WriteAsync(new(), context.CancellationToken);
        };
        using var stream = _client.LookupMany();
        Assert.That(await stream.ResponseStream.MoveNext(default), Is.True);

        _server.Keys.Registered.Clear();
        revoked.Release();

        var failure = await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(default));
        Assert.That(ReasonOf(failure!), Is.EqualTo("DEPARTMENT_UNKNOWN"));
    }

    [Test]
    public async Task Call_ExpectedFailure_ArrivesWithItsDetails()
    {
        _server.Service.OnLookup = (_, _) => throw ExchangeError.Invalid([new FieldError("purpose", "is required")]).ToRpcException();

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await _client.LookupAsync(new()));

        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.InvalidArgument, "REQUEST_INVALID")));
        Assert.That(failure.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Single().Field, Is.EqualTo("purpose"));
        Assert.That(Errors(), Is.Empty);
    }

    [Test]
    public async Task Call_UnexpectedFailure_IsInternalWithATraceIdAndNothingOfItsText([Values] bool streaming)
    {
        _server.Unexpected.Expect("UnexpectedFailure");
        var bug = new InvalidOperationException($"no {Canary}", new FormatException(Canary));
        _server.Service.OnLookup = (_, _) => throw bug;
        _server.Service.OnLookupMany = (_, _, _) => throw bug;

        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            if (!streaming)
            {
                await _client.LookupAsync(new());
                return;
            }

            using var stream = _client.LookupMany();
            await stream.ResponseStream.MoveNext(default);
        });

        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.Internal, "INTERNAL")));
        var traceId = failure.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Metadata["traceId"];
        Assert.That($"{failure} {failure.GetRpcStatus()}", Does.Not.Contain(Canary));
        var error = Errors().Single();
        Assert.That(error.Message, Does.Contain(traceId).And.Contain("InvalidOperationException < System.FormatException"));
        Assert.That(_server.Logs.GetSnapshot().Select(log => $"{log.Message} {log.Exception}"), Has.None.Contains(Canary));
    }

    [Test]
    public async Task Call_ServiceLetsItsOwnCallsFailureThrough_IsInternalWithoutItsText()
    {
        _server.Service.OnLookup = async (_, _) =>
        {
            _server.Unexpected.Expect("UnexpectedFailure");
            using var nobody = MutualTlsClient.Connect(new Uri("https://127.0.0.1:1"), _tax, new ExpectedPeer(PeerRole.Hub));
            return await new Wire.LookupService.LookupServiceClient(nobody).LookupAsync(new());
        };

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await _client.LookupAsync(new()));

        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.Internal, "INTERNAL")));
        Assert.That(failure.Status.Detail, Does.Not.Contain("127.0.0.1").And.Not.Contain("refused"));
        Assert.That(Errors(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Call_ProcessStops_IsUnavailableAndNoError()
    {
        var started = new TaskCompletionSource();
        _server.Service.OnLookup = async (_, _) =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, _server.Stopping);
            return new();
        };
        var call = _client.LookupAsync(new()).ResponseAsync;
        await started.Task;

        var stopped = _server.StopAsync();

        var failure = await Assert.ThrowsAsync<RpcException>(() => call);
        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.Unavailable, "STOPPING")));
        await stopped;
        Assert.That(Errors(), Is.Empty);
    }

    [TestCase("GET", "/health/ready", "text/plain")]
    [TestCase("POST", "/dataexchange.lookup.v1.LookupService/Lookup", "application/json")]
    [TestCase("POST", "/dataexchange.lookup.v1.LookupService/Nothing", "application/grpc")]
    [TestCase("POST", "/dataexchange.lookup.v1.LookupService%2FLookup", "application/grpc")]
    public async Task Request_ThatIsNoCall_IsRefusedAndTheProcessLivesOn(string verb, string path, string contentType)
    {
        using var request = new HttpRequestMessage(new HttpMethod(verb), new Uri(_server.Address, path))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = verb == "GET" ? null : new ByteArrayContent(new byte[5]) { Headers = { ContentType = new(contentType) } },
        };
        using var http = new HttpClient(MutualTlsClient.Handler(_tax, new ExpectedPeer(PeerRole.Hub)));

        using var response = await http.SendAsync(request);

        var status = response.Headers.TryGetValues("grpc-status", out var codes) ? codes.Single() : null;
        Assert.That(response.IsSuccessStatusCode && status is null or "0", Is.False, $"{response.StatusCode} {status}");
        Assert.That(await _client.LookupAsync(new()), Is.Not.Null);
    }

    [Test]
    public async Task Call_DeadlinePasses_EndsTheServiceAndIsNoError()
    {
        var ended = new TaskCompletionSource();
        _server.Service.OnLookup = async (_, context) =>
        {
            context.CancellationToken.Register(ended.SetResult);
            await ended.Task;
            throw new OperationCanceledException();
        };

        Assert.That(async () => await _client.LookupAsync(new(), deadline: TimeProvider.System.GetUtcNow().UtcDateTime.AddMilliseconds(300)),
            Throws.InstanceOf<OperationCanceledException>());

        await ended.Task;
        Assert.That(Errors(), Is.Empty);
    }

    [Test]
    public async Task Call_CallerLeaves_IsNoError()
    {
        var started = new TaskCompletionSource();
        var ended = new TaskCompletionSource();
        _server.Service.OnLookup = async (_, context) =>
        {
            started.SetResult();
            try
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
            }
            finally
            {
                ended.SetResult();
            }
            return new();
        };
        using var leave = new CancellationTokenSource();
        var call = _client.LookupAsync(new(), cancellationToken: leave.Token).ResponseAsync;
        await started.Task;

        await leave.CancelAsync();

        Assert.That(async () => await call, Throws.InstanceOf<OperationCanceledException>());
        await ended.Task;
        Assert.That(Errors(), Is.Empty);
    }

    [Test]
    public async Task Call_MessageOverTheLimit_IsResourceExhausted([Values] bool streaming)
    {
        var large = new string('x', WireLimits.BatchBytesMax + 100_000);
        using var channel = MutualTlsClient.Connect(_server.Address, _tax, new ExpectedPeer(PeerRole.Hub), new ClientLimits { SendBytesMax = 16 << 20 });
        var client = new Wire.LookupService.LookupServiceClient(channel);

        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            if (!streaming)
            {
                await client.LookupAsync(new() { Purpose = large });
                return;
            }

            using var stream = client.LookupMany();
            _ = stream.RequestStream.WriteAsync(new() { Lookups = { new Wire.LookupRequest { Purpose = large } } });
            await stream.ResponseStream.MoveNext(default);
        });

        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.ResourceExhausted, "MESSAGE_TOO_LARGE")));
        Assert.That(await _client.LookupAsync(new()), Is.Not.Null, "the connection and the process live on");
        Assert.That(Errors(), Is.Empty);
    }

    [Test]
    public async Task Call_NotProtobuf_IsInvalidArgument([Values] bool streaming)
    {
        var type = streaming ? MethodType.DuplexStreaming : MethodType.Unary;
        var bytes = Marshallers.Create(content => content, content => content);
        var method = new Method<byte[], byte[]>(type, "dataexchange.lookup.v1.LookupService", streaming ? "LookupMany" : "Lookup", bytes, bytes);
        byte[] garbage = [0x0A, 0x7F, 0x01];

        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            var invoker = _channel.CreateCallInvoker();
            if (!streaming)
            {
                await invoker.AsyncUnaryCall(method, null, default, garbage);
                return;
            }

            using var stream = invoker.AsyncDuplexStreamingCall(method, null, default);
            await stream.RequestStream.WriteAsync(garbage);
            await stream.ResponseStream.MoveNext(default);
        });

        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((StatusCode.InvalidArgument, "REQUEST_INVALID")));
        Assert.That(Errors(), Is.Empty);
    }

    [Test]
    public async Task Call_Compressed_IsRefused()
    {
        var headers = new Metadata { { "grpc-internal-encoding-request", "gzip" } };

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await _client.LookupAsync(new() { Purpose = new string('x', 10_000) }, headers));

        Assert.That(failure!.StatusCode, Is.EqualTo(StatusCode.Unimplemented));
    }

    [TestCase("99999999H", 30_000)]
    [TestCase("0m", 5_000)]
    [TestCase(null, 5_000)]
    public async Task GetBudget_AnyTimeout_IsBetweenItsLimits(string? timeout, int milliseconds)
    {
        var budget = new TaskCompletionSource<TimeSpan>();
        _server.Service.OnLookup = (_, context) =>
        {
            budget.TrySetResult(context.GetBudget(TimeProvider.System));
            return Task.FromResult(new Wire.LookupResponse());
        };
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_server.Address, "/dataexchange.lookup.v1.LookupService/Lookup"))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(new byte[5]) { Headers = { ContentType = new("application/grpc") } },
        };
        if (timeout is not null)
            request.Headers.Add("grpc-timeout", timeout);
        request.Headers.TE.ParseAdd("trailers");
        using var http = new HttpClient(MutualTlsClient.Handler(_tax, new ExpectedPeer(PeerRole.Hub)));

        using var response = await http.SendAsync(request);

        Assert.That(await budget.Task, Is.EqualTo(TimeSpan.FromMilliseconds(milliseconds)));
    }

    [TestCase(-1_000_000, 50)]
    [TestCase(0, 50)]
    [TestCase(20, 50)]
    [TestCase(51, 51)]
    [TestCase(29_999, 29_999)]
    [TestCase(1_000_000_000, 30_000)]
    public void Budget_TimeLeft_IsClamped(int leftMilliseconds, int milliseconds)
    {
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;

        Assert.That(CallContextExtensions.Budget(now.AddMilliseconds(leftMilliseconds), now), Is.EqualTo(TimeSpan.FromMilliseconds(milliseconds)));
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Reflection_OnOrOff_IsThereOnlyWhenOn(bool on)
    {
        await using var server = await TestServer.StartAsync(_authority, on ? ["--Grpc:Reflection=true"] : []);
        using var credentials = server.Client("tax");
        using var channel = server.Connect(credentials);
        var bytes = Marshallers.Create(content => content, content => content);
        var method = new Method<byte[], byte[]>(MethodType.DuplexStreaming, "grpc.reflection.v1alpha.ServerReflection", "ServerReflectionInfo", bytes, bytes);
        using var stream = channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, null, default);
        await stream.RequestStream.CompleteAsync();
        var status = StatusCode.OK;
        try
        {
            await stream.ResponseStream.MoveNext(default);
        }
        catch (RpcException refused)
        {
            status = refused.StatusCode;
        }
        Assert.That(status, Is.EqualTo(on ? StatusCode.OK : StatusCode.Unimplemented));
    }

    [Test]
    public async Task Health_Asked_ServesOnceTheChecksHaveRun()
    {
        var health = new global::Grpc.Health.V1.Health.HealthClient(_channel);

        var answer = await Eventually.Async("a serving process", async () => (await health.CheckAsync(new())).Status,
            status => status == global::Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.Serving);

        Assert.That(answer, Is.EqualTo(global::Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus.Serving));
    }

    [Test]
    public async Task Connect_ServerIsNotTheOneExpected_Fails([Values("hub2", null)] string? name)
    {
        using var loggers = LoggerFactory.Create(_ => { });
        var expected = name is null ? new ExpectedPeer(PeerRole.Hub, "hub1", KeyId: new string('0', KeyId.Length)) : new ExpectedPeer(PeerRole.Hub, name);
        using var channel = MutualTlsClient.Connect(_server.Address, _tax, expected, loggers: loggers);

        var failure = await Assert.ThrowsAsync<RpcException>(async () => await new Wire.LookupService.LookupServiceClient(channel).LookupAsync(new()));

        Assert.That(failure!.StatusCode, Is.EqualTo(StatusCode.Unavailable).Or.EqualTo(StatusCode.Internal));
    }

    private List<Microsoft.Extensions.Logging.Testing.FakeLogRecord> Errors() =>
        [.. _server.Logs.GetSnapshot().Where(log => log.Level >= LogLevel.Error)];

    private static string? ReasonOf(RpcException failure) => failure.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason;
}
