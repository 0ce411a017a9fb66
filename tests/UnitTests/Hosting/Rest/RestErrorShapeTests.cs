using System.Net;
using System.Text;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Rest;

/// <summary>Whatever reason of the table a call fails for, JSON and gRPC say the same about it.</summary>
[TestFixture]
internal sealed class RestErrorShapeTests
{
    private static readonly JsonParser Parser = new(JsonParser.Settings.Default.WithTypeRegistry(
        TypeRegistry.FromMessages(ErrorInfo.Descriptor, BadRequest.Descriptor, RetryInfo.Descriptor)));

    private TestAuthority _authority = null!;
    private TestServer _server = null!;
    private TlsCredentials _tax = null!;
    private GrpcChannel _channel = null!;
    private HttpClient _rest = null!;

    [OneTimeSetUp]
    public async Task StartServer()
    {
        _authority = new TestAuthority();
        _server = await TestServer.StartAsync(_authority, "--Rest:Enabled=true", "--Grpc:WorkPerPeerMax=1", "--Grpc:WaitingPerPeerMax=0");
        _tax = _server.Client("tax");
        // Not our own: it makes an exception of its own of a deadline.
        _channel = GrpcChannel.ForAddress(_server.Address, new GrpcChannelOptions { HttpHandler = MutualTlsClient.Handler(_tax, new ExpectedPeer(PeerRole.Hub)) });
        _rest = new HttpClient(MutualTlsClient.Handler(_tax, new ExpectedPeer(PeerRole.Hub))) { BaseAddress = _server.Address };
    }

    [OneTimeTearDown]
    public async Task StopServer()
    {
        _rest.Dispose();
        _channel.Dispose();
        _tax.Dispose();
        await _server.StopAsync();
        await _server.DisposeAsync();
        _authority.Dispose();
    }

    private static IEnumerable<ErrorReason> Reasons => ErrorReasons.All.Where(reason => reason.Code != StatusCode.OK);

    [TestCaseSource(nameof(Reasons))]
    public async Task Call_FailsForAReason_SaysTheSameOverBoth(ErrorReason reason)
    {
        var error = ExchangeError.Of(reason) with
        {
            Fields = [new("attributes[0]", "must be \"quoted\" <right>")], Metadata = new Dictionary<string, string> { ["owner"] = "tax" }, RetryAfter = TimeSpan.FromSeconds(1.5),
        };
        _server.Service.OnLookup = (_, _) => throw error.ToRpcException();

        var grpc = (await Assert.ThrowsAsync<RpcException>(async () => await new Wire.LookupService.LookupServiceClient(_channel).LookupAsync(new())))!;
        var (code, status) = await AskAsync();

        Assert.That(status, Is.EqualTo(grpc.GetRpcStatus()));
        Assert.That((int)code, Is.InRange(400, 599));
    }

    [Test]
    public async Task Call_BugOfTheService_IsInternalWithoutItsText()
    {
        _server.Unexpected.Expect("UnexpectedFailure");
        _server.Service.OnLookup = (_, _) => throw new InvalidOperationException("MARK4711");

        var (code, status) = await AskAsync();

        Assert.That((code, status.GetDetail<ErrorInfo>()!.Reason), Is.EqualTo((HttpStatusCode.InternalServerError, "INTERNAL")));
        Assert.That(status.ToString(), Does.Not.Contain("MARK4711"));
    }

    [Test]
    public async Task Call_MoreThanTheShare_IsBusy()
    {
        var (entered, leave) = (new TaskCompletionSource(), new TaskCompletionSource());
        _server.Service.OnLookup = async (_, _) =>
        {
            entered.SetResult();
            await leave.Task;
            return new Wire.LookupResponse();
        };
        var first = AskAsync();
        await entered.Task;

        var (code, status) = await AskAsync();
        leave.SetResult();
        await first;

        Assert.That((code, status.GetDetail<ErrorInfo>()!.Reason), Is.EqualTo((HttpStatusCode.TooManyRequests, "CALLER_BUSY")));
    }

    [Test]
    public async Task Call_CallersRightEndsMeanwhile_EndsWithTheReason()
    {
        _server.Service.OnLookup = async (_, context) =>
        {
            _server.Keys.Registered.Clear();
            _server.Clock.Advance(OpenCalls.CheckInterval);
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
            return new Wire.LookupResponse();
        };

        var (code, status) = await AskAsync();
        _server.Keys.Registered["tax"] = _tax.Identity.KeyId;

        Assert.That((code, status.GetDetail<ErrorInfo>()!.Reason), Is.EqualTo((HttpStatusCode.Forbidden, "DEPARTMENT_UNKNOWN")));
    }

    private async Task<(HttpStatusCode Code, Google.Rpc.Status Status)> AskAsync()
    {
        using var body = new StringContent("{}", Encoding.UTF8, "application/json");
        using var answer = await _rest.PostAsync(new Uri("/v1/lookups", UriKind.Relative), body);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, answer.IsSuccessStatusCode ? new() : Parser.Parse<Google.Rpc.Status>(text));
    }
}
