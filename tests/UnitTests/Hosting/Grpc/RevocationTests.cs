using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Grpc;

/// <summary>What is open when its caller's right ends, and carries no message that could be refused.</summary>
[TestFixture]
internal sealed class RevocationTests
{
    private TestAuthority _authority = null!;
    private TestServer _server = null!;
    private TlsCredentials _tax = null!;
    private GrpcChannel _channel = null!;
    private Wire.LookupService.LookupServiceClient _client = null!;

    [SetUp]
    public async Task StartServer()
    {
        _authority = new TestAuthority();
        _server = await TestServer.StartAsync(_authority, "--Grpc:Reflection=true");
        _tax = _server.Client("tax");
        _channel = _server.Connect(_tax);
        _client = new Wire.LookupService.LookupServiceClient(_channel);
    }

    [TearDown]
    public async Task StopServer()
    {
        _channel.Dispose();
        _tax.Dispose();
        await _server.StopAsync();
        var errors = _server.Logs.GetSnapshot().Where(log => log.Level >= LogLevel.Error).ToList();
        await _server.DisposeAsync();
        _authority.Dispose();
        Assert.That(errors, Is.Empty);
    }

    private static readonly Ending[] Endings =
    [
        new("department unknown", server => server.Keys.Registered.Clear(), StatusCode.PermissionDenied, "DEPARTMENT_UNKNOWN"),
        new("key withdrawn", server => server.Keys.Registered["tax"] = new string('0', KeyId.Length), StatusCode.PermissionDenied, "KEY_NOT_REGISTERED"),
        new("certificate over", server => server.Clock.Advance(TimeSpan.FromDays(2)), StatusCode.Unauthenticated, "CERTIFICATE_REFUSED"),
    ];

    [Test]
    public async Task Stream_IdleWhenItsCallersRightEnds_EndsWithTheReason(
        [ValueSource(nameof(Endings))] Ending ending, [Values] bool answered, [Values] bool deadline)
    {
        using var stream = _client.LookupMany(deadline: Deadline(deadline));
        if (answered)
        {
            await stream.RequestStream.WriteAsync(new());
            Assert.That(await stream.ResponseStream.MoveNext(default), Is.True);
        }
        else
        {
            await _client.LookupAsync(new());
        }

        EndRight(ending);

        await AssertEndsAsync(stream.ResponseStream.MoveNext(default), ending);
    }

    [Test]
    public async Task Call_WorkedOnWhenItsCallersRightEnds_EndsWithTheReason([ValueSource(nameof(Endings))] Ending ending, [Values] bool deadline)
    {
        var started = new TaskCompletionSource();
        _server.Service.OnLookup = async (_, context) =>
        {
            started.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.CancellationToken);
            return new();
        };
        var call = _client.LookupAsync(new(), deadline: Deadline(deadline)).ResponseAsync;
        await started.Task;

        EndRight(ending);

        await AssertEndsAsync(call, ending);
    }

    [Test]
    public async Task Stream_ServiceNamesNoToken_EndsWithTheReason()
    {
        _server.Service.OnLookupMany = async (requests, responses, _) =>
        {
            await responses.WriteAsync(new());
            await requests.MoveNext(CancellationToken.None);
        };
        using var stream = _client.LookupMany();
        Assert.That(await stream.ResponseStream.MoveNext(default), Is.True);

        EndRight(Endings[0]);

        await AssertEndsAsync(stream.ResponseStream.MoveNext(default), Endings[0]);
    }

    [Test]
    public async Task Watch_OfHealth_EndsWithTheReason()
    {
        var health = new global::Grpc.Health.V1.Health.HealthClient(_channel);
        using var stream = health.Watch(new());
        Assert.That(await stream.ResponseStream.MoveNext(default), Is.True);

        EndRight(Endings[0]);

        var failure = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await stream.ResponseStream.MoveNext(default))
                TestContext.Out.WriteLine(stream.ResponseStream.Current.Status);
        });
        Assert.That(ReasonOf(failure!), Is.EqualTo("DEPARTMENT_UNKNOWN"));
    }

    [Test]
    public async Task Stream_OfAnotherPeer_StaysOpen()
    {
        using var housing = _server.Client("housing");
        using var channel = _server.Connect(housing);
        using var stream = new Wire.LookupService.LookupServiceClient(channel).LookupMany();
        using var ended = _client.LookupMany();
        await stream.RequestStream.WriteAsync(new());
        await stream.ResponseStream.MoveNext(default);

        _server.Keys.Registered.TryRemove("tax", out _);
        _server.Clock.Advance(OpenCalls.CheckInterval);
        await Assert.ThrowsAsync<RpcException>(() => ended.ResponseStream.MoveNext(default));

        await stream.RequestStream.WriteAsync(new());
        Assert.That(await stream.ResponseStream.MoveNext(default), Is.True);
    }

    [Test]
    public async Task Call_AfterTheKeyIsRegisteredAgain_IsAnsweredOnTheSameConnection()
    {
        using var stream = _client.LookupMany();
        await _client.LookupAsync(new());
        EndRight(Endings[0]);
        await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(default));

        _server.Keys.Registered["tax"] = _tax.Identity.KeyId;

        Assert.That(await _client.LookupAsync(new()), Is.Not.Null);
    }

    private void EndRight(Ending ending)
    {
        ending.Happens(_server);
        _server.Clock.Advance(OpenCalls.CheckInterval);
    }

    private static async Task AssertEndsAsync(Task call, Ending ending)
    {
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.WaitAsync(Eventually.DefaultTimeout));
        Assert.That((failure!.StatusCode, ReasonOf(failure)), Is.EqualTo((ending.Status, ending.Reason)));
    }

    private static DateTime? Deadline(bool given) => given ? TimeProvider.System.GetUtcNow().UtcDateTime.AddDays(7) : null;

    private static string? ReasonOf(RpcException failure) => failure.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>()?.Reason;

    internal sealed record Ending(string Name, Action<TestServer> Happens, StatusCode Status, string Reason)
    {
        public override string ToString() => Name;
    }
}
