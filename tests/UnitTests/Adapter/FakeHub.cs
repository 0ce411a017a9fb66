using System.Net;
using System.Security.Cryptography;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DataExchange.UnitTests.Adapter;

/// <summary>
/// The hub's ingress over real gRPC on loopback, without its index: it checks signatures, keeps what it takes, and counts its watermark
/// as the contract says. A test scripts the rest.
/// </summary>
internal sealed class FakeHub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly Service _service;

    // Clients of the hub before its restart still use it.
    private GrpcChannel? _former;

    private FakeHub(Service service, int port, Action<TlsOptions>? tls = null)
    {
        _service = service;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (tls is not null)
            builder.UseMutualTls(new IPEndPoint(IPAddress.Loopback, port), tls);
        else
            builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, port, l => l.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = 2 * WireLimits.BatchBytesMax);
        builder.Services.AddSingleton(service);
        _app = builder.Build();
        _app.MapGrpcService<Service>();
    }

    public GrpcChannel Channel { get; private set; } = null!;

    public Wire.ChangeIngressService.ChangeIngressServiceClient Client => new(Channel);

    public HubScript Script => _service.Script;

    public Uri Address => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    /// <summary>Behind mutual TLS, for a whole adapter.</summary>
    public static Task<FakeHub> StartAsync(ECDsa key, Action<TlsOptions> tls) => StartAsync(new FakeHub(new Service(new HubScript(key)), 0, tls));

    public static Task<FakeHub> StartAsync(ECDsa key) => StartAsync(new FakeHub(new Service(new HubScript(key)), 0));

    /// <summary>The same hub, knowing what it knew, after its process was ended.</summary>
    public async Task<FakeHub> RestartAsync()
    {
        var port = new Uri($"http://{Channel.Target}").Port;
        await StopAsync();
        return await StartAsync(new FakeHub(_service, port) { _former = Channel });
    }

    public async Task StopAsync()
    {
        using var now = new CancellationTokenSource(0);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Channel.Dispose();
        _former?.Dispose();
    }

    private static async Task<FakeHub> StartAsync(FakeHub hub)
    {
        await hub._app.StartAsync();
        hub.Channel = GrpcChannel.ForAddress(hub.Address);
        return hub;
    }

    internal sealed class Service(HubScript script) : Wire.ChangeIngressService.ChangeIngressServiceBase
    {
        public HubScript Script => script;

        public override async Task Publish(
            IAsyncStreamReader<Wire.PublishRequest> requestStream, IServerStreamWriter<Wire.PublishResponse> responseStream, ServerCallContext context)
        {
            script.CountConnection();
            while (await requestStream.MoveNext(context.CancellationToken))
            {
                var response = script.Take(requestStream.Current.Batch);
                await script.MayAnswerAsync(context.CancellationToken);
                await responseStream.WriteAsync(response, context.CancellationToken);
            }
        }

        public override Task<Wire.GetStreamStateResponse> GetStreamState(Wire.GetStreamStateRequest request, ServerCallContext context) => Task.FromResult(script.State());
    }
}

/// <summary>What the fake hub knows and how it behaves. Thread safe.</summary>
internal sealed class HubScript(ECDsa key)
{
    private readonly Lock _lock = new();
    private readonly SortedDictionary<ulong, OutboxRow> _applied = [];
    private readonly List<Wire.ChangeBatch> _received = [];
    private readonly List<Wire.ChangeBatch> _heartbeats = [];
    private TaskCompletionSource _mayAnswer = new();
    private int _answersMax = int.MaxValue;
    private int _answers;
    private int _connections;

    public ByteString Epoch { get; set; } = ByteString.Empty;

    public bool Quarantined { get; set; }

    /// <summary>Epoch that the operator has accepted; another than the one in force ends in quarantine.</summary>
    public ByteString? Accepted { get; set; }

    /// <summary>Reason by which batches with this first sequence are refused.</summary>
    public Dictionary<ulong, string> Rejects { get; } = [];

    /// <summary>Takes batches, but its watermark stays here.</summary>
    public ulong WatermarkMax { get; set; } = ulong.MaxValue;

    public int Connections => _connections;

    public ulong Watermark
    {
        get
        {
            lock (_lock)
                return CountWatermark();
        }
    }

    /// <summary>Every batch with changes, as often as it came.</summary>
    public IReadOnlyList<Wire.ChangeBatch> Received
    {
        get
        {
            lock (_lock)
                return [.. _received];
        }
    }

    public IReadOnlyList<Wire.ChangeBatch> Heartbeats
    {
        get
        {
            lock (_lock)
                return [.. _heartbeats];
        }
    }

    /// <summary>Payloads that are applied, in order of sequence.</summary>
    public IReadOnlyList<byte[]> Applied
    {
        get
        {
            lock (_lock)
                return [.. _applied.Values.Select(row => row.Payload)];
        }
    }

    /// <summary>A batch that was sent again with other bytes: must stay null.</summary>
    public ulong? Rewritten { get; private set; }

    /// <summary>Answers that the hub gives before it takes batches and says nothing.</summary>
    public int AnswersMax
    {
        get => _answersMax;
        set
        {
            lock (_lock)
            {
                _answersMax = value;
                _mayAnswer.TrySetResult();
                _mayAnswer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    public async Task MayAnswerAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                changed = _mayAnswer.Task;
                if (_answers < _answersMax)
                {
                    _answers++;
                    return;
                }
            }
            await changed.WaitAsync(cancellationToken);
        }
    }

    public void CountConnection() => Interlocked.Increment(ref _connections);

    /// <summary>As a hub that had applied everything up to a sequence before the test began.</summary>
    public void Knows(ByteString epoch, ulong watermark)
    {
        lock (_lock)
        {
            Epoch = epoch;
            _applied[1] = new OutboxRow(watermark, []);
        }
    }

    public Wire.GetStreamStateResponse State()
    {
        lock (_lock)
            return new Wire.GetStreamStateResponse { StreamEpoch = Epoch, Watermark = CountWatermark(), Quarantined = Quarantined };
    }

    public Wire.PublishResponse Take(Wire.SignedChangeBatch signed)
    {
        if (!BatchSignature.Verify(key, signed.Payload.Span, signed.Signature.Span) || signed.KeyId != KeyId.Of(key.ExportSubjectPublicKeyInfo()))
            throw ExchangeError.Of(ErrorReasons.SignatureInvalid).ToRpcException();
        var batch = Wire.ChangeBatch.Parser.ParseFrom(signed.Payload);
        lock (_lock)
        {
            (batch.Changes.Count == 0 ? _heartbeats : _received).Add(batch);
            var (result, reason) = Decide(batch, signed.Payload.ToByteArray());
            return new Wire.PublishResponse { FirstSequence = batch.FirstSequence, Result = result, Reason = reason, Watermark = CountWatermark() };
        }
    }

    private (Wire.BatchResult Result, string Reason) Decide(Wire.ChangeBatch batch, byte[] payload)
    {
        if (Epoch.IsEmpty)
            Epoch = batch.StreamEpoch;
        if (batch.StreamEpoch != Epoch && batch.StreamEpoch == Accepted)
        {
            (Epoch, Quarantined) = (batch.StreamEpoch, false);
            _applied.Clear();
        }
        if (batch.StreamEpoch != Epoch || Quarantined)
        {
            Quarantined = true;
            return (Wire.BatchResult.Quarantined, ErrorReasons.EpochUnknown.Name);
        }
        if (Rejects.TryGetValue(batch.FirstSequence, out var reason))
            return (Wire.BatchResult.Rejected, reason);
        if (batch.Changes.Count == 0)
            return (Wire.BatchResult.Applied, "");
        if (_applied.TryGetValue(batch.FirstSequence, out var known))
        {
            if (!known.Payload.AsSpan().SequenceEqual(payload))
                Rewritten = batch.FirstSequence;
            return (Wire.BatchResult.Duplicate, "");
        }
        _applied[batch.FirstSequence] = new OutboxRow(batch.FirstSequence + (ulong)batch.Changes.Count - 1, payload);
        return (Wire.BatchResult.Applied, "");
    }

    private ulong CountWatermark()
    {
        var watermark = 0UL;
        foreach (var (first, row) in _applied)
        {
            if (first != watermark + 1)
                break;
            watermark = row.Last;
        }
        return Math.Min(watermark, WatermarkMax);
    }

    private sealed record OutboxRow(ulong Last, byte[] Payload);
}
