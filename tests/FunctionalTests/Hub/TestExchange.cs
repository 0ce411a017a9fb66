using System.Globalization;
using System.Net;
using DataExchange.Adapter;
using DataExchange.Broker;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DataExchange.FunctionalTests.Hub;

/// <summary>
/// A whole exchange in the test's process: the hub as its program builds it, on ports of its own, and <see cref="TestCatalogue.Registry"/> as a
/// department host, joined by the in-memory bus. Everything the two log is in <see cref="Logs"/>; disposing fails on errors nobody expected.
/// </summary>
internal sealed class TestExchange : IAsyncDisposable
{
    private readonly TempFolder _folder = new();
    private readonly int _port = FreePort.Next();
    private readonly int _managementPort = FreePort.Next();
    private readonly int _adapterPort = FreePort.Next();
    private readonly List<IDisposable> _connections = [];
    private readonly CatalogueDatabase _database;

    private TestExchange(CatalogueDatabase? database)
    {
        Directory.CreateDirectory(DataFolder);
        _database = database ?? new CatalogueDatabase(
            CatalogueProvider.Sqlite, new SqliteConnectionStringBuilder { DataSource = Path.Combine(DataFolder, "catalogue.db") }.ConnectionString);
        Catalogue = new TestCatalogue(Certificates, _adapterPort);
    }

    public TestCertificates Certificates { get; } =
        new(TestCatalogue.Registry, TestCatalogue.Foreign, TestCatalogue.Welfare, TestCatalogue.Stranger, TestCatalogue.Licensing);

    public TestCatalogue Catalogue { get; }

    public LogCapture Logs { get; } = new();

    public ListSource Source { get; } = new();

    public WebApplication Hub { get; private set; } = null!;

    public WebApplication Department { get; private set; } = null!;

    public string DataFolder => _folder["hub"];

    /// <summary>The registry's own store: outbox and locator key.</summary>
    public string RegistryFolder => _folder["registry"];

    public string AuditFolder => Path.Combine(DataFolder, "audit");

    public Uri Address => Loopback("https", _port);

    public Uri AdapterAddress => Loopback("https", _adapterPort);

    public Uri ManagementAddress => Loopback("http", _managementPort);

    /// <param name="settings">Added to the hub's and the department's configuration.</param>
    /// <param name="hub">Further services of the hub.</param>
    /// <param name="source">What the registry's store does before the department starts.</param>
    /// <param name="database">Where the catalogue is; SQLite in the hub's folder unless given, and then <paramref name="settings"/> name it too.</param>
    public static async Task<TestExchange> StartAsync(
        Dictionary<string, string?>? settings = null, Action<WebApplicationBuilder>? hub = null, CatalogueDatabase? database = null, Action<ListSource>? source = null)
    {
        var exchange = new TestExchange(database);
        source?.Invoke(exchange.Source);
        try
        {
            await exchange.ApplyAsync(exchange.Catalogue);
            await exchange.StartHubAsync(settings ?? [], hub);
            await exchange.StartDepartmentAsync(settings ?? []);
            return exchange;
        }
        catch
        {
            await exchange.DisposeAsync();
            throw;
        }
    }

    public async Task ApplyAsync(TestCatalogue catalogue)
    {
        var store = new CatalogueStore(_database, TimeProvider.System);
        await store.PrepareAsync(default);
        await store.ApplyAsync(catalogue.Read(), default);
    }

    /// <summary>The registry states a held and a located value, and the hub has applied both.</summary>
    public async Task PublishAsync(Identifier subject, string held, string live)
    {
        Source.Add(subject, held, live);
        await PublishedAsync();
    }

    /// <summary>The hub has applied all that the registry has stated so far.</summary>
    public async Task PublishedAsync()
    {
        var count = Source.Count;
        using var limit = new CancellationTokenSource(Eventually.DefaultTimeout);
        await Department.Services.GetRequiredService<AdapterProgress>().WhenAsync(figures => figures.HubWatermark >= count, limit.Token);
    }

    /// <summary>A channel to the hub as a department; disposed of with the exchange.</summary>
    public GrpcChannel Connect(string department) => Connect(Certificates.Department(department));

    public GrpcChannel Connect(TlsOptions identity)
    {
        var credentials = TlsCredentials.Load(identity);
        var channel = MutualTlsClient.Connect(
            Address, credentials, new ExpectedPeer(PeerRole.Hub, TestCertificates.BrokerId), new ClientLimits { SendBytesMax = 16 * 1024 * 1024 });
        _connections.AddRange([channel, credentials]);
        return channel;
    }

    public Wire.LookupService.LookupServiceClient Lookups() => new(Connect(TestCatalogue.Welfare));

    public async Task<string> ReadManagementAsync(string path)
    {
        using var client = new HttpClient { BaseAddress = ManagementAddress };
        using var response = await client.GetAsync(new Uri(path, UriKind.Relative));
        return await response.Content.ReadAsStringAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Certificates.Dispose();
        _folder.Dispose();
        Logs.VerifyNoErrors();
    }

    /// <summary>Ends department and hub, and leaves the folders. May be called again.</summary>
    public async Task StopAsync()
    {
        _connections.ForEach(connection => connection.Dispose());
        _connections.Clear();
        foreach (var host in new[] { Department, Hub })
        {
            if (host is null)
                continue;
            await host.StopAsync();
            await host.DisposeAsync();
        }

        (Department, Hub) = (null!, null!);
        SqliteConnection.ClearAllPools();
    }

    private async Task StartHubAsync(Dictionary<string, string?> settings, Action<WebApplicationBuilder>? configure)
    {
        var builder = Builder(Certificates.Hub, settings, new()
        {
            ["Hub:BrokerId"] = TestCertificates.BrokerId,
            ["Hub:DataDirectory"] = DataFolder,
            ["Hub:Address"] = Address.Host,
            ["Hub:Port"] = Text(_port),
            ["Management:Port"] = Text(_managementPort),
            ["Bus:Transport"] = "memory",
        });
        configure?.Invoke(builder);
        Hub = BrokerHost.Build(builder);
        Capture(Hub);
        await Hub.StartAsync();
    }

    private async Task StartDepartmentAsync(Dictionary<string, string?> settings)
    {
        var builder = Builder(Certificates.Department(TestCatalogue.Registry), settings, new()
        {
            ["Adapter:Department"] = TestCatalogue.Registry,
            ["Adapter:StateFolder"] = RegistryFolder,
            ["Adapter:HeldAttributes:0"] = TestCatalogue.Status,
            ["Adapter:LocatedAttributes:0"] = TestCatalogue.Address,
            ["Adapter:HubAddress"] = Address.ToString(),
            ["Adapter:HubName"] = TestCertificates.BrokerId,
            ["Adapter:HubKeyIds:0"] = TestCertificates.KeyIdOf(Certificates.Hub),
            ["Adapter:SourcePollInterval"] = "00:00:00.050",
        });
        builder.Services.AddSingleton(Hub.Services.GetRequiredService<ReliablePublisher>());
        builder.AddDepartmentAdapter(listen: new IPEndPoint(IPAddress.Loopback, _adapterPort))
            .AddChangeSource(_ => Source)
            .AddLiveSource(_ => Source)
            .UseBus();
        builder.AddExchangeLogging();
        Department = builder.Build();
        Department.MapDepartmentAdapter();
        Capture(Department);
        await Department.StartAsync();
    }

    private static WebApplicationBuilder Builder(TlsOptions identity, Dictionary<string, string?> settings, Dictionary<string, string?> own)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.Sources.Clear();
        builder.Configuration.AddInMemoryCollection(own);
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Tls:TrustDomain"] = identity.TrustDomain,
            ["Tls:CertificatePath"] = identity.CertificatePath,
            ["Tls:KeyPath"] = identity.KeyPath,
            ["Tls:RootPath"] = identity.RootPath,
            ["Logging:Console:LogLevel:Default"] = "None",
        });
        builder.Configuration.AddInMemoryCollection(settings);
        return builder;
    }

    /// <summary>Here, since the hosts clear what providers the builder has.</summary>
    private void Capture(WebApplication host) => host.Services.GetRequiredService<ILoggerFactory>().AddProvider(Logs);

    private static Uri Loopback(string scheme, int port) => new($"{scheme}://127.0.0.1:{port}");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
