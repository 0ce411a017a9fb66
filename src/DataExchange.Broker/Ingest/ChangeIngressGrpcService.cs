using DataExchange.Broker.Index;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Ingest;

/// <summary>
/// The way in for departments without access to the bus. Who publishes is the TLS key of the call, looked up again for every batch;
/// a batch that is wrong fails alone, but one that another has signed, or nobody, ends the stream.
/// </summary>
internal sealed class ChangeIngressGrpcService(ChangeIngest ingest, StreamStates streams, IOptions<IngestOptions> options)
    : Wire.ChangeIngressService.ChangeIngressServiceBase
{
    private const int GapsShownMax = 100;

    public override async Task Publish(
        IAsyncStreamReader<Wire.PublishRequest> requests, IServerStreamWriter<Wire.PublishResponse> responses, ServerCallContext context)
    {
        var outcomes = ingest.ApplyAllAsync(requests.ReadAllAsync(), Caller(context), options.Value.StreamBatchesMax, context.CancellationToken);
        await foreach (var outcome in outcomes)
        {
            if (EndsStream(outcome))
                throw outcome.Error!.ToRpcException();
            await responses.WriteAsync(Answer(outcome), context.CancellationToken);
        }
    }

    public override Task<Wire.GetStreamStateResponse> GetStreamState(Wire.GetStreamStateRequest request, ServerCallContext context)
    {
        var response = new Wire.GetStreamStateResponse();
        if (streams.Find(Caller(context)) is not { } stream)
            return Task.FromResult(response);

        response.StreamEpoch = EpochBytes.Of(stream.Epoch);
        response.Watermark = stream.Watermark;
        response.Quarantined = stream.Quarantine is not null;
        response.Loading = stream.Loading;
        foreach (var gap in stream.Gaps.Take(GapsShownMax))
            response.Gaps.Add(new Wire.SequenceRange { First = gap.First, Last = gap.Last });
        return Task.FromResult(response);
    }

    /// <summary>A fault of identity or signature says that the peer cannot be trusted; of the hub's own, that it cannot go on.</summary>
    private static bool EndsStream(BatchOutcome outcome) => outcome.Error?.Reason is { } reason
        && (outcome.Result == BatchResult.Unavailable
            || reason == ErrorReasons.SignatureInvalid
            || reason == ErrorReasons.SignerMismatch
            || reason == ErrorReasons.KeyNotRegistered
            || reason == ErrorReasons.DepartmentUnknown);

    private static Wire.PublishResponse Answer(BatchOutcome outcome) => new()
    {
        FirstSequence = outcome.FirstSequence,
        Result = outcome.Result switch
        {
            BatchResult.Applied => Wire.BatchResult.Applied,
            BatchResult.Duplicate => Wire.BatchResult.Duplicate,
            BatchResult.Quarantined => Wire.BatchResult.Quarantined,
            _ => Wire.BatchResult.Rejected,
        },
        Reason = outcome.Error?.Reason.Name ?? "",
        Detail = outcome.Error?.Detail ?? "",
        Watermark = outcome.Watermark,
    };

    private static DepartmentId Caller(ServerCallContext context) => DepartmentId.Parse(context.GetPeer().Name);
}
