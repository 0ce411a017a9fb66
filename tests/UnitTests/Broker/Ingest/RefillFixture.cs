using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Ingest;
using DataExchange.Broker.Providers;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

/// <summary>
/// A hub that refills from the tax department's adapter behind a real listener. The hub's clock stands still unless a test moves it.
/// The adapter has batches 1 to 6, of one change each.
/// </summary>
internal sealed class RefillFixture : IAsyncDisposable
{
    public static readonly TimeSpan PastTolerance = TimeSpan.FromMilliseconds(501);

    private readonly TestCertificates _certificates = new("tax", "housing");
    private readonly TlsCredentials _hubTls;
    private readonly LogCapture _logs = new();
    private readonly LoggerFactory _loggers;
    private readonly List<LoopbackServer> _servers = [];

    private RefillFixture()
    {
        _hubTls = TlsCredentials.Load(_certificates.Hub);
        _loggers = new LoggerFactory([_logs]);
        Hub = new IngestHub(CatalogueOf(), Clock);
        Channels = new ProviderChannels(_hubTls, new BrokerKeyDirectory(Hub.Catalogue), Options.Create(new ProviderOptions()), Hub.Loggers);
        Refill = new GapRefill(Hub.Ingest, Hub.Index.Streams, Hub.Catalogue, Channels, Hub.Options, Clock, _loggers.CreateLogger<GapRefill>());
        for (var first = 1UL; first <= 6; first++)
            Adapter.Batches.Add(Sign(Plain(first)));
    }

    public FakeTimeProvider Clock { get; } = new(Noon);

    public IngestHub Hub { get; }

    public AdapterDouble Adapter { get; } = new();

    public ProviderChannels Channels { get; }

    public GapRefill Refill { get; }

    /// <summary>The adapter's own address, and one where another department answers.</summary>
    public Uri AdapterAddress => _servers[0].Address;

    public Uri ImpostorAddress => _servers[1].Address;

    public static async Task<RefillFixture> StartAsync()
    {
        var fixture = new RefillFixture();
        foreach (var department in new[] { "tax", "housing" })
        {
            fixture._servers.Add(await LoopbackServer.StartAsync<AdapterDouble>(
                fixture._certificates.Department(department), new AdapterDouble.OpenDoor(), fixture._logs, services => services.AddSingleton(fixture.Adapter)));
        }

        fixture.Publish(1, fixture.FileWith(fixture.AdapterAddress));
        return fixture;
    }

    public void Publish(long version, CatalogueFile file) => Hub.Catalogue.Replace(CatalogueSnapshot.Of(version, file));

    public CatalogueFile FileWith(Uri adapter) => IngestSamples.File with
    {
        Keys = [.. IngestSamples.File.Keys, LoopbackServer.KeyOf(_certificates, Tax), LoopbackServer.KeyOf(_certificates, Housing)],
        Departments = [new(Tax, "Tax", adapter.ToString()), .. IngestSamples.File.Departments.Skip(1)],
    };

    public async Task ApplyAsync(params ulong[] firsts)
    {
        foreach (var first in firsts)
            Assert.That((await Hub.ApplyAsync(Plain(first))).Result, Is.EqualTo(BatchResult.Applied));
    }

    /// <returns>How many refills have been started.</returns>
    public int StartDue() => Refill.StartDue(CancellationToken.None);

    public Task<ErrorReason?> FailedAsync(ErrorReason reason) =>
        Eventually.Async($"failed with {reason}", () => Task.FromResult(Refill.IsIdle ? Refill.FailureOf(Tax) : null), seen => seen == reason);

    public async ValueTask DisposeAsync()
    {
        await Refill.StopAsync(CancellationToken.None);
        Refill.Dispose();
        Channels.Dispose();
        foreach (var server in _servers)
            await server.DisposeAsync();
        await Hub.DisposeAsync();
        _hubTls.Dispose();
        _certificates.Dispose();
        _loggers.Dispose();
        _logs.VerifyNoErrors();
        _logs.Dispose();
    }
}
