using System.Net;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Adapter;
using DataExchange.Hosting;
using DataExchange.Testing;
using DataExchange.UnitTests.Hosting;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DataExchange.UnitTests.Adapter;

/// <summary>A whole adapter as a department hosts it, and the hub it publishes to, both behind mutual TLS on loopback.</summary>
internal sealed class AdapterFixture : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly TestAuthority _authority = new();
    private readonly List<IDisposable> _owned = [];
    private WebApplication _app = null!;

    public FakeHub Hub { get; private set; } = null!;

    public ScriptedSource Source { get; } = new();

    public ScriptedLiveSource Live { get; } = new();

    public TlsCredentials HubCredentials { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    /// <summary>Holds <c>hub</c>, <c>department</c> (each <c>.pem</c> and <c>.key</c>) and <c>root.pem</c>.</summary>
    public TempFolder Folder => _folder;

    public Uri Address => new(Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public Outbox Outbox => Services.GetRequiredService<Outbox>();

    /// <summary>Errors that a test does not expect fail it when the fixture is disposed of.</summary>
    public LogCapture Logs { get; } = new();

    public static async Task<AdapterFixture> StartAsync(Action<DepartmentAdapterOptions>? change = null)
    {
        var fixture = new AdapterFixture();
        var department = fixture.Files($"department/{Sample.Department}", "department");
        var hub = fixture.Files("hub/hub1", "hub");
        var signing = TlsCredentials.Load(department);
        fixture._owned.Add(signing);
        fixture.HubCredentials = TlsCredentials.Load(hub);
        fixture._owned.Add(fixture.HubCredentials);
        fixture.Hub = await FakeHub.StartAsync(signing.Certificate.GetECDsaPublicKey()!, hub.CopyTo);

        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddProvider(fixture.Logs);
        builder.AddDepartmentAdapter(options => fixture.Configure(options, change), department.CopyTo, new IPEndPoint(IPAddress.Loopback, 0))
            .AddChangeSource(_ => fixture.Source)
            .AddLiveSource(_ => fixture.Live);
        fixture._app = builder.Build().MapDepartmentAdapter();
        await fixture._app.StartAsync();
        return fixture;
    }

    /// <summary>Calls the adapter as the hub, or with a certificate of the same exchange that is issued for the name given.</summary>
    public Wire.AdapterService.AdapterServiceClient Connect(string? name = null)
    {
        var credentials = name is null ? HubCredentials : TlsCredentials.Load(Files(name, name.Replace('/', '-')));
        GrpcChannel channel = MutualTlsClient.Connect(Address, credentials, new ExpectedPeer(PeerRole.Department, Sample.Department.Value));
        _owned.Add(channel);
        return new Wire.AdapterService.AdapterServiceClient(channel);
    }

    public async Task<AdapterFigures> CurrentAsync(ulong sequence) =>
        await Services.GetRequiredService<AdapterProgress>().WhenAsync(f => f.HubIsCurrent && f.LastSequence >= sequence, CancellationToken.None)
            .WaitAsync(Eventually.DefaultTimeout);

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
        await Hub.DisposeAsync();
        _owned.ForEach(owned => owned.Dispose());
        _authority.Dispose();
        _folder.Dispose();
        Logs.VerifyNoErrors();
    }

    private TlsOptions Files(string path, string name)
    {
        using var certificate = _authority.Issue([$"spiffe://{TestAuthority.TrustDomain}/{path}"], [TestAuthority.ServerUse, TestAuthority.ClientUse]);
        return _authority.Save(certificate, _folder.Path, name);
    }

    private void Configure(DepartmentAdapterOptions options, Action<DepartmentAdapterOptions>? change)
    {
        options.Department = Sample.Department.Value;
        options.StateFolder = _folder["state"];
        options.HeldAttributes = [Sample.Held];
        options.LocatedAttributes = [Sample.Located];
        options.HubAddress = Hub.Address;
        options.HubName = "hub1";
        options.HubKeyIds = [HubCredentials.Identity.KeyId];
        options.SourcePollInterval = options.WatermarkInterval = TimeSpan.FromMilliseconds(20);
        change?.Invoke(options);
    }
}

/// <summary>Answers "income" with the subject's own number, and does what a test says for some.</summary>
internal sealed class ScriptedLiveSource : ILiveSource
{
    public static readonly DateTimeOffset AsOf = DateTimeOffset.UnixEpoch.AddYears(55);

    public LiveFetchContext? LastContext { get; private set; }

    public Exception? Throws { get; set; }

    /// <summary>Never answers, and heeds no token.</summary>
    public bool Hangs { get; set; }

    /// <summary>What it blocks its thread with; null for not at all.</summary>
    public ManualResetEventSlim? Blocks { get; set; }

    public int Calls { get; private set; }

    public ValueTask<IReadOnlyList<LiveValue>> FetchAsync(IReadOnlyList<LiveItem> items, LiveFetchContext why, CancellationToken cancellationToken)
    {
        Calls++;
        LastContext = why;
        if (Throws is not null)
            throw Throws;
        Blocks?.Wait(CancellationToken.None);
        if (Hangs)
            return new ValueTask<IReadOnlyList<LiveValue>>(new TaskCompletionSource<IReadOnlyList<LiveValue>>().Task);
        return ValueTask.FromResult<IReadOnlyList<LiveValue>>([.. items.Select(Answer)]);
    }

    private static LiveValue Answer(LiveItem item) => item.Subject.Value switch
    {
        "absent" => LiveValue.Absent,
        "refused" => LiveValue.Unavailable(DataExchange.Contracts.ErrorReasons.NotGranted),
        _ => LiveValue.Found(new Wire.Value { Text = $"{item.Subject.Scheme}/{item.Subject.Value}/{item.Attribute}" }, AsOf),
    };
}
