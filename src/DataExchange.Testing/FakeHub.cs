using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DataExchange.Testing;

/// <summary>
/// A hub for the tests of one department's adapter, in the test's process, on a free loopback port: mutual TLS with certificates of its own, the
/// ingress, and the hub's calls to the adapter. It takes, judges and keeps what is published exactly as a hub does; it answers no lookups.
/// Thread safe.
/// </summary>
/// <remarks>
/// Start it, start the adapter with <see cref="Settings"/> on top of its own configuration, wait with <see cref="CurrentAsync"/> until all that the
/// department's store holds has arrived, and assert on <see cref="Find"/>, <see cref="Changes"/> and <see cref="Refused"/>. Stop the adapter
/// first.
/// </remarks>
public sealed class FakeHub : IAsyncDisposable
{
    private const string TrustDomain = "test.dataexchange.example";
    private const string Name = "hub-1";
    private static readonly TimeSpan PatienceDefault = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo _folder;
    private readonly DevelopmentCertificates _certificates;
    private readonly FakeCatalogue _catalogue;
    private readonly TlsCredentials _credentials;
    private readonly ECDsa _key;
    private readonly FakeIndex _index;
    private readonly WebApplication _app;

    private FakeHub(FakeCatalogue catalogue, DirectoryInfo folder)
    {
        (_catalogue, _folder) = (catalogue, folder);
        var department = DepartmentId.Parse(catalogue.Department);
        _certificates = DevelopmentCertificates.Create(_folder.FullName, TrustDomain, Name, [department]);
        _credentials = TlsCredentials.Load(_certificates.Hub);
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(_certificates.Department(department).CertificatePath);
        _key = certificate.GetECDsaPublicKey()!;
        _index = new FakeIndex(new BatchJudge(catalogue, KeyId.Of(certificate), _key), TimeProvider.System);
        _app = Build(KeyId.Of(certificate));
    }

    /// <summary>Where it listens, as the adapter's <c>HubAddress</c>.</summary>
    public Uri Address => new(_app.Urls.Single());

    /// <summary>
    /// Configuration that makes an adapter publish here: its own certificate, the hub's address, name and key, an empty state folder, free ports, and
    /// pauses short enough for tests. Keys as in JSON with colons, for <c>AddInMemoryCollection</c>. The same on every call, so that an adapter that
    /// is started again goes on with its stream.
    /// </summary>
    public IReadOnlyDictionary<string, string?> Settings
    {
        get
        {
            var tls = _certificates.Department(DepartmentId.Parse(_catalogue.Department));
            return new Dictionary<string, string?>
            {
                ["Adapter:Department"] = _catalogue.Department,
                ["Adapter:StateFolder"] = Path.Combine(_folder.FullName, "state"),
                ["Adapter:HubAddress"] = Address.ToString(),
                ["Adapter:HubName"] = Name,
                ["Adapter:HubKeyIds:0"] = _credentials.Identity.KeyId,
                // Also where the adapter has a signing key of its own: here its TLS key is the one registered key.
                ["Adapter:SigningKeyPath"] = tls.KeyPath,
                ["Adapter:Port"] = "0",
                ["Adapter:SourcePollInterval"] = "00:00:00.050",
                ["Adapter:HeartbeatInterval"] = "00:00:00.100",
                ["Management:Port"] = "0",
                ["Tls:TrustDomain"] = tls.TrustDomain,
                ["Tls:CertificatePath"] = tls.CertificatePath,
                ["Tls:KeyPath"] = tls.KeyPath,
                ["Tls:RootPath"] = tls.RootPath,
            };
        }
    }

    /// <summary>Every change that was applied, by sequence, with canonical identifiers.</summary>
    public IReadOnlyList<ReceivedChange> Changes => _index.Changes;

    /// <summary>Every batch that was not applied, as it came. A test whose adapter is right asserts that it is empty.</summary>
    public IReadOnlyList<RefusedBatch> Refused => _index.Refused;

    /// <summary>How far the stream is applied, as the adapter is told.</summary>
    public Wire.GetStreamStateResponse State => _index.State();

    /// <summary>Starts a hub that knows one department.</summary>
    /// <exception cref="FormatException">The department's id breaks its rule.</exception>
    /// <exception cref="ArgumentException">The catalogue names a scheme or an attribute twice.</exception>
    public static async Task<FakeHub> StartAsync(FakeCatalogue catalogue, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        var folder = Directory.CreateTempSubdirectory("dataexchange-fake-hub-");
        FakeHub? hub = null;
        try
        {
            hub = new FakeHub(catalogue, folder);
            await hub._app.StartAsync(cancellationToken);
            return hub;
        }
        catch
        {
            // With private keys in it.
            if (hub is null)
                folder.Delete(recursive: true);
            else
                await hub.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the hub holds now; null where the department states nothing (any more).</summary>
    /// <param name="subject">In any form that its scheme takes.</param>
    /// <param name="attribute">Name within the department.</param>
    /// <exception cref="ArgumentException">The catalogue has no such attribute or scheme, or the identifier is not valid: a department could not state it.</exception>
    public HeldFact? Find(Identifier subject, string attribute) => _index.Find(subject, attribute);

    /// <summary>Whether the department's last word on the two is that they name the same subject.</summary>
    /// <exception cref="ArgumentException">The catalogue has no such scheme, or an identifier is not valid in it.</exception>
    public bool AreLinked(Identifier one, Identifier other) => _index.AreLinked(one, other);

    /// <summary>
    /// Returns once everything is applied that the department's store held at the time of this call: with the first heartbeat of a reading of the
    /// source that began after it. An adapter whose source always has something more sends none.
    /// </summary>
    /// <param name="patience">Default 60 s.</param>
    /// <exception cref="TimeoutException">It did not come; the text says what the hub saw instead, and names no value.</exception>
    public async Task CurrentAsync(TimeSpan? patience = null, CancellationToken cancellationToken = default)
    {
        var asked = TimeProvider.System.GetUtcNow();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience ?? PatienceDefault);
        try
        {
            while (true)
            {
                var changed = _index.Changed;
                if (_index.CurrentAsOf > asked)
                    return;
                await changed.WaitAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"The department is not current: {Account()}.");
        }
    }

    /// <summary>The hub's calls to a running adapter.</summary>
    /// <param name="adapter">Where it listens: its host's first https address.</param>
    public HubCalls Call(Uri adapter)
    {
        ArgumentNullException.ThrowIfNull(adapter);
        return new HubCalls(MutualTlsClient.Connect(Reachable(adapter), _credentials, new ExpectedPeer(PeerRole.Department, _catalogue.Department)), _index, _key);
    }

    /// <summary>Ends the hub and deletes its folder, the adapter's state with it.</summary>
    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(0);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _credentials.Dispose();
        _key.Dispose();
        _folder.Delete(recursive: true);
    }

    /// <summary>What a host says of a listener on every address is nothing to connect to.</summary>
    private static Uri Reachable(Uri adapter) => adapter.Host is "0.0.0.0" or "[::]" ? new UriBuilder(adapter) { Host = "127.0.0.1" }.Uri : adapter;

    private WebApplication Build(string keyId)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders();
        builder.UseMutualTls(new IPEndPoint(IPAddress.Loopback, 0), _certificates.Hub.CopyTo);
        builder.Services.AddExchangeGrpc(builder.Configuration);
        builder.Services.AddSingleton<IKeyDirectory>(new OnlyDepartment(_catalogue.Department, keyId));
        builder.Services.AddSingleton(_index);
        var app = builder.Build();
        app.UseExchangeGrpc();
        app.MapGrpcService<FakeIngress>();
        return app;
    }

    private string Account()
    {
        var state = State;
        if (Refused is [.., var last])
            return $"the hub refused {(last.FirstSequence > 0 ? $"the batch from sequence {last.FirstSequence}" : "a batch")}: {last.Reason.Name}, {last.Detail}";
        return state.StreamEpoch.IsEmpty
            ? "nothing was published"
            : $"{state.Watermark} changes are applied, and {(state.Gaps.Count > 0 ? $"{state.Gaps.Count} ranges are missing" : "no reading of its source has come to an end since")}";
    }
}
