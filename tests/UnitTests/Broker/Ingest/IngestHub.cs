using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Broker.Ingest;
using DataExchange.Contracts;
using DataExchange.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

/// <summary>The hub's change flow over a real index on disk.</summary>
internal sealed class IngestHub : IAsyncDisposable
{
    private readonly TempFolder _folder = new();

    public IngestHub(CatalogueState? catalogue = null, TimeProvider? clock = null, IngestOptions? options = null, ILoggerFactory? loggers = null)
    {
        Clock = clock ?? TimeProvider.System;
        Options = Microsoft.Extensions.Options.Options.Create(options ?? new IngestOptions());
        Loggers = loggers ?? NullLoggerFactory.Instance;
        Catalogue = catalogue ?? CatalogueOf();
        Index = SubjectIndex.Open(new IndexOptions { Folder = _folder["index"], HubKeyFile = _folder["hub.key"], KeyFolder = _folder["keys"] }, Clock, Loggers);
        Rejections = new RejectionLog(Options, Clock);
        Ingest = new ChangeIngest(
            new BatchVerifier(Catalogue, Index.Keys), Index.Writer, Index.Streams, Rejections, Clock, Loggers.CreateLogger<ChangeIngest>());
    }

    public TimeProvider Clock { get; }

    public IOptions<IngestOptions> Options { get; }

    public ILoggerFactory Loggers { get; }

    public CatalogueState Catalogue { get; }

    public SubjectIndex Index { get; }

    public RejectionLog Rejections { get; }

    public ChangeIngest Ingest { get; }

    public ulong Watermark => Index.Streams.Find(Tax)?.Watermark ?? 0;

    public ValueTask<BatchOutcome> ApplyAsync(Wire.ChangeBatch batch) => Ingest.ApplyAsync(Sign(batch), Tax, parent: default, CancellationToken.None);

    /// <summary>What the hub answers about the one subject of <see cref="Plain"/>, or null.</summary>
    public Fact? Income()
    {
        var subject = Index.Keys.Of(new Identifier("cn-resident", Resident));
        var facts = Index.ReadCluster(subject, [AttributeId.Parse("tax/income")]).Facts;
        return facts.Length == 0 ? null : facts[0];
    }

    public async ValueTask DisposeAsync()
    {
        await Index.DisposeAsync();
        _folder.Dispose();
    }
}
