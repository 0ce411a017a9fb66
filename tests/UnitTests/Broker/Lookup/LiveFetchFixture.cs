using System.Text;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Broker.Lookup;
using DataExchange.Broker.Providers;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using DataExchange.UnitTests.Broker.Ingest;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Polly.Registry;

namespace DataExchange.UnitTests.Broker.Lookup;

/// <summary>
/// A hub that fetches from the adapters of tax and housing, each behind a real listener. The hub's clock stands still unless a test moves
/// it: attempts, retries and circuits go by it. Only the lookup's own deadline passes in real time.
/// </summary>
internal sealed class LiveFetchFixture : IAsyncDisposable
{
    public static readonly DepartmentId Tax = DepartmentId.Parse("tax");
    public static readonly DepartmentId Housing = DepartmentId.Parse("housing");

    private static readonly DepartmentId Welfare = DepartmentId.Parse("welfare");
    private static readonly LookupQuestion Question = new(default, [], "benefits", "Test Act s. 1", "case-1", null, false, "request-1");

    private readonly TestCertificates _certificates = new(Tax.Value, Housing.Value);
    private readonly LogCapture _logs = new();
    private readonly LoggerFactory _loggers;
    private readonly TlsCredentials _hubTls;
    private readonly ProviderChannels _channels;
    private readonly ResiliencePipelineRegistry<DepartmentId> _pipelines = new();
    private readonly Dictionary<DepartmentId, LoopbackServer> _servers = [];
    private readonly LiveFetch _live;

    private LiveFetchFixture(LookupOptions options, ProviderOptions? providers)
    {
        _loggers = new LoggerFactory([_logs]);
        _hubTls = TlsCredentials.Load(_certificates.Hub);
        _channels = new ProviderChannels(_hubTls, new AdapterDouble.OpenDoor(), Options.Create(providers ?? new ProviderOptions()), _loggers);
        _live = new LiveFetch(_channels, _pipelines, Options.Create(options), Clock, _loggers.CreateLogger<LiveFetch>());
    }

    public FakeTimeProvider Clock { get; } = new();

    public Dictionary<DepartmentId, FetchDouble> Adapters { get; } = new() { [Tax] = new(), [Housing] = new() };

    /// <summary>Where each department's adapter is said to be; null for nowhere.</summary>
    public Dictionary<DepartmentId, Uri?> Addresses { get; } = [];

    public DepartmentId? Suspended { get; set; }

    public static async Task<LiveFetchFixture> StartAsync(LookupOptions? options = null, ProviderOptions? providers = null)
    {
        var fixture = new LiveFetchFixture(options ?? new LookupOptions(), providers);
        foreach (var (department, adapter) in fixture.Adapters)
        {
            fixture._servers[department] = await LoopbackServer.StartAsync<FetchDouble>(
                fixture._certificates.Department(department.Value), new AdapterDouble.OpenDoor(), fixture._logs, services => services.AddSingleton(adapter));
            fixture.Addresses[department] = fixture._servers[department].Address;
        }

        return fixture;
    }

    /// <summary>A text attribute of the department, whose value is only there and is the locator itself.</summary>
    public static Fact Located(DepartmentId department, string locator) => Fact(department, locator, held: false);

    public static Fact Held(DepartmentId department) => Fact(department, "", held: true);

    /// <summary>What came of each fact: the text found, the reason why there is none, or "absent".</summary>
    /// <param name="deadline">One minute if not given.</param>
    public async Task<string[]> FetchAsync(Fact[] facts, TimeSpan? deadline = null, CancellationToken cancellationToken = default)
    {
        var catalogue = Catalogue(facts);
        var fetched = await _live.FetchAsync(
            Question, Welfare, catalogue, facts, Clock.GetUtcNow() + (deadline ?? TimeSpan.FromMinutes(1)), cancellationToken);
        return [.. facts.Select((_, i) => fetched[i].Missing?.Name ?? fetched[i].Value?.Value.Text ?? "absent")];
    }

    public async Task<string> FetchAsync(DepartmentId department, TimeSpan? deadline = null) => (await FetchAsync([Located(department, "value")], deadline)).Single();

    /// <summary>Lets time pass for the hub until it holds: for retries, whose delay is random.</summary>
    public Task AdvanceUntilAsync(string what, Func<bool> holds) => Eventually.Async(what, () =>
    {
        Clock.Advance(TimeSpan.FromMilliseconds(10));
        return holds();
    });

    public async ValueTask DisposeAsync()
    {
        _channels.Dispose();
        foreach (var server in _servers.Values)
            await server.DisposeAsync();
        await _pipelines.DisposeAsync();
        _hubTls.Dispose();
        _certificates.Dispose();
        _loggers.Dispose();
        _logs.VerifyNoErrors();
        _logs.Dispose();
    }

    private static Fact Fact(DepartmentId department, string content, bool held) =>
        new(new AttributeId(department, "note"), department, 1, DateTimeOffset.UnixEpoch, Encoding.UTF8.GetBytes(content), held);

    private CatalogueSnapshot Catalogue(Fact[] facts) => CatalogueSnapshot.Of(1, new CatalogueFile
    {
        Departments = [.. Addresses.Select(entry => new DepartmentConfig(entry.Key, entry.Key.Value, entry.Value?.ToString(), Suspended: entry.Key == Suspended))],
        Attributes = [.. facts.Select(fact => fact.Attribute).Distinct().Select(a => new AttributeConfig(a, a.Name, Wire.ValueType.Text, Wire.Holding.Located))],
    });
}
