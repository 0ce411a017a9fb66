using System.Net;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;

namespace DataExchange.UnitTests.Hosting;

/// <summary>A real Kestrel listener with mutual TLS and our interceptors in front of one service that a test scripts.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly WebApplication _app;

    private TestServer(TestAuthority authority, string[] arguments)
    {
        Authority = authority;
        var builder = WebApplication.CreateSlimBuilder(arguments);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddFakeLogging().AddProvider(Unexpected);
        using var certificate = authority.Issue([$"spiffe://{TestAuthority.TrustDomain}/hub/hub1"], [TestAuthority.ServerUse, TestAuthority.ClientUse]);
        var files = Files = authority.Save(certificate, _folder.Path, "hub");
        builder.UseMutualTls(new IPEndPoint(IPAddress.Loopback, 0), tls =>
        {
            tls.TrustDomain = files.TrustDomain;
            tls.CertificatePath = files.CertificatePath;
            tls.KeyPath = files.KeyPath;
            tls.RootPath = files.RootPath;
        }, builder.Configuration.ReadRest().Enabled);
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddExchangeGrpc(builder.Configuration);
        builder.Services.AddExchangeRest(builder.Configuration);
        builder.Services.AddHealthChecks().AddCheck("test", () => HealthCheckResult.Healthy());
        builder.Services.AddSingleton<IKeyDirectory>(Keys);
        builder.Services.AddSingleton(Service);
        _app = builder.Build();
        _app.UseExchangeGrpc();
        if (builder.Configuration.ReadRest().Enabled)
            _app.UseExchangeRest();
        _app.MapGrpcService<ScriptedLookup>();
    }

    public TestAuthority Authority { get; }

    /// <summary>The server's own.</summary>
    public TlsOptions Files { get; }

    public async Task<HealthReport> HealthAsync() => await _app.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();

    public TestKeys Keys { get; } = new();

    /// <summary>Stands still, at the time of the start.</summary>
    public FakeTimeProvider Clock { get; } = new(TimeProvider.System.GetUtcNow());

    public CancellationToken Stopping => _app.Lifetime.ApplicationStopping;

    public ScriptedLookup Service { get; } = new();

    public FakeLogCollector Logs => _app.Services.GetFakeLogCollector();

    /// <summary>Errors that a test does not expect fail it when the server is disposed of.</summary>
    public LogCapture Unexpected { get; } = new();

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public static async Task<TestServer> StartAsync(TestAuthority authority, params string[] arguments)
    {
        var server = new TestServer(authority, arguments);
        await server._app.StartAsync();
        return server;
    }

    public Task StopAsync() => _app.StopAsync();

    /// <summary>Credentials of a registered department, or of the name given.</summary>
    public TlsCredentials Client(string department = "tax")
    {
        using var certificate = Authority.Issue([TestAuthority.Department(department)], [TestAuthority.ClientUse]);
        var credentials = TlsCredentials.Load(Authority.Save(certificate, _folder.Path, department));
        Keys.Registered[department] = credentials.Identity.KeyId;
        return credentials;
    }

    public GrpcChannel Connect(TlsCredentials credentials) => MutualTlsClient.Connect(Address, credentials, new ExpectedPeer(PeerRole.Hub, "hub1"));

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _folder.Dispose();
        Unexpected.VerifyNoErrors();
    }
}

internal sealed class TestKeys : IKeyDirectory
{
    public System.Collections.Concurrent.ConcurrentDictionary<string, string> Registered { get; } = new();

    public ExchangeError? Check(PeerIdentity peer) =>
        !Registered.TryGetValue(peer.Name, out var key) ? ExchangeError.Of(ErrorReasons.DepartmentUnknown)
        : key != peer.KeyId ? ExchangeError.Of(ErrorReasons.KeyNotRegistered)
        : null;
}

internal sealed class ScriptedLookup : Wire.LookupService.LookupServiceBase
{
    public Func<Wire.LookupRequest, ServerCallContext, Task<Wire.LookupResponse>> OnLookup { get; set; } =
        (_, context) => Task.FromResult(new Wire.LookupResponse { RequestId = context.GetPeer().Name });

    public Func<IAsyncStreamReader<Wire.LookupManyRequest>, IServerStreamWriter<Wire.LookupManyResponse>, ServerCallContext, Task> OnLookupMany { get; set; } =
        async (requests, responses, context) =>
        {
            while (await requests.MoveNext(context.CancellationToken))
                await responses.WriteAsync(new Wire.LookupManyResponse());
        };

    public override Task<Wire.LookupResponse> Lookup(Wire.LookupRequest request, ServerCallContext context) => OnLookup(request, context);

    public override Task LookupMany(
        IAsyncStreamReader<Wire.LookupManyRequest> requestStream, IServerStreamWriter<Wire.LookupManyResponse> responseStream, ServerCallContext context) =>
        OnLookupMany(requestStream, responseStream, context);
}
