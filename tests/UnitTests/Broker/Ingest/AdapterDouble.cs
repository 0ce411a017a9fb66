using System.Collections.Concurrent;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Core;

namespace DataExchange.UnitTests.Broker.Ingest;

/// <summary>A department's adapter as the hub sees it: gives the batches it has within the asked range, or fails as told.</summary>
internal sealed class AdapterDouble : Wire.AdapterService.AdapterServiceBase
{
    public ConcurrentQueue<Wire.ReadChangesRequest> Asked { get; } = new();

    /// <summary>In order of their sequence.</summary>
    public List<Wire.SignedChangeBatch> Batches { get; } = [];

    public ErrorReason? Failure { get; set; }

    /// <summary>Sends what it has, then neither ends nor goes on.</summary>
    public bool Hangs { get; set; }

    public override async Task ReadChanges(
        Wire.ReadChangesRequest request, IServerStreamWriter<Wire.ReadChangesResponse> responseStream, ServerCallContext context)
    {
        Asked.Enqueue(request);
        if (Failure is { } reason)
            throw ExchangeError.Of(reason).ToRpcException();
        foreach (var batch in Batches.Where(b => IsWithin(Wire.ChangeBatch.Parser.ParseFrom(b.Payload), request)))
            await responseStream.WriteAsync(new() { Batch = batch });
        if (Hangs)
            await Task.Delay(Timeout.Infinite, context.CancellationToken);
    }

    private static bool IsWithin(Wire.ChangeBatch batch, Wire.ReadChangesRequest request) =>
        batch.FirstSequence <= request.ToSequence && batch.FirstSequence + (ulong)batch.Changes.Count > request.FromSequence;

    /// <summary>Lets in any key that the handshake let in.</summary>
    internal sealed class OpenDoor : IKeyDirectory
    {
        public ExchangeError? Check(PeerIdentity peer) => null;
    }
}
