using System.Collections.Concurrent;
using System.Net;
using DataExchange.Hosting;
using Google.Protobuf;
using Grpc.Core;

namespace DataExchange.Cli.Conformance;

/// <summary>
/// The hub's ingress, for an adapter that offers nothing before it has reached its hub: takes every batch and has applied none, so that the
/// adapter lets none go. Remembers what was published, to be held against what is served.
/// </summary>
internal sealed class KitHub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Ingress _ingress;

    private KitHub(WebApplication app, Ingress ingress) => (_app, _ingress) = (app, ingress);

    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<KitHub> StartAsync(IPEndPoint listen, TlsOptions hub, IKeyDirectory keys, Verdicts verdicts)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.UseMutualTls(listen, hub.CopyTo);
        builder.Services.AddExchangeGrpc(builder.Configuration);
        builder.Services.AddSingleton(keys);
        var ingress = new Ingress(verdicts);
        builder.Services.AddSingleton(ingress);
        var app = builder.Build();
        app.UseExchangeGrpc();
        app.MapGrpcService<Ingress>();
        await app.StartAsync();
        return new KitHub(app, ingress);
    }

    /// <summary>Until the adapter says that its source has been read to an end, or the time is over.</summary>
    public async Task LoadedAsync(TimeSpan timeMax, CancellationToken stop)
    {
        try
        {
            await _ingress.Loaded.WaitAsync(timeMax, stop);
        }
        catch (TimeoutException)
        {
            // What it keeps by now is what is verified.
        }
    }

    /// <summary>What is served has to be what was published.</summary>
    public void Judge(IEnumerable<BatchMark> served)
    {
        foreach (var batch in served)
            _ingress.Compare(batch);
    }

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    internal sealed class Ingress(Verdicts verdicts) : Wire.ChangeIngressService.ChangeIngressServiceBase
    {
        private readonly ConcurrentDictionary<ulong, BatchMark> _published = new();
        private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile ByteString _epoch = ByteString.Empty;

        public Task Loaded => _loaded.Task;

        public override async Task Publish(
            IAsyncStreamReader<Wire.PublishRequest> requestStream, IServerStreamWriter<Wire.PublishResponse> responseStream, ServerCallContext context)
        {
            while (await requestStream.MoveNext(context.CancellationToken))
                await responseStream.WriteAsync(new() { FirstSequence = Take(requestStream.Current.Batch), Result = Wire.BatchResult.Applied }, context.CancellationToken);
        }

        public override Task<Wire.GetStreamStateResponse> GetStreamState(Wire.GetStreamStateRequest request, ServerCallContext context) =>
            Task.FromResult(new Wire.GetStreamStateResponse { StreamEpoch = _epoch });

        public void Compare(BatchMark batch)
        {
            if (_published.TryGetValue(batch.First, out var published) && published.Last >= published.First && published != batch)
                verdicts.Break(ConformanceRules.SameBytes, $"the batch of sequence {batch.First} was published with other bytes");
        }

        private ulong Take(Wire.SignedChangeBatch? signed)
        {
            if (signed is null || BatchMark.Of(signed) is not { First: > 0 } mark)
                return 0;
            var batch = Wire.ChangeBatch.Parser.ParseFrom(signed.Payload);
            if (_epoch.IsEmpty)
                _epoch = batch.StreamEpoch;
            if (batch.Changes.Count > 0)
            {
                Compare(mark);
                _published[mark.First] = mark;
            }

            if (!batch.Loading)
                _loaded.TrySetResult();
            return mark.First;
        }
    }
}
