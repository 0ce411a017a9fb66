using DataExchange.Contracts;
using DataExchange.Hosting;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace DataExchange.Adapter;

/// <summary>What the hub asks of this department. Who may call is decided before any of this runs, by <see cref="HubKeyPin"/>.</summary>
internal sealed class AdapterGrpcService(
    Outbox outbox, BatchSigner signer, LiveAnswers answers, IOptions<DepartmentAdapterOptions> options, IOptions<GrpcLimits> limits)
    : Wire.AdapterService.AdapterServiceBase
{
    private const int BatchesPerRead = 16;

    private readonly DepartmentAdapterOptions _options = options.Value;

    public override Task<Wire.DescribeResponse> Describe(Wire.DescribeRequest request, ServerCallContext context)
    {
        var response = new Wire.DescribeResponse
        {
            Department = _options.Department,
            StreamEpoch = outbox.Epoch,
            LastSequence = outbox.OfferedSequence,
            FirstSequence = outbox.FirstSequence,
            Limits = new Wire.AdapterLimits
            {
                AnswerTimeMax = Duration.FromTimeSpan(_options.AnswerTimeMax),
                CallsMax = (uint)limits.Value.WorkPerPeerMax,
            },
        };
        response.Attributes.Add(_options.HeldAttributes.Select(name => new Wire.DescribedAttribute { Name = name }));
        response.Attributes.Add(_options.LocatedAttributes.Select(name => new Wire.DescribedAttribute { Name = name, Located = true }));
        return Task.FromResult(response);
    }

    public override async Task ReadChanges(
        Wire.ReadChangesRequest request, IServerStreamWriter<Wire.ReadChangesResponse> responseStream, ServerCallContext context)
    {
        if (request.StreamEpoch != outbox.Epoch)
            throw ExchangeError.Of(ErrorReasons.EpochUnknown).ToRpcException();
        if (request.FromSequence == 0)
            throw ExchangeError.Invalid([new FieldError("from_sequence", "must be at least 1")]).ToRpcException();

        var to = request.ToSequence == 0 ? ulong.MaxValue : request.ToSequence;
        var next = request.FromSequence;
        while (next <= to)
        {
            // Looked at every time: the outbox may be trimmed while a slow reader is being served.
            if (next < outbox.FirstSequence)
                throw ExchangeError.Of(ErrorReasons.OutboxTrimmed).ToRpcException();
            var batches = outbox.Read(next, BatchesPerRead);
            if (batches.Count == 0)
                return;
            foreach (var batch in batches.TakeWhile(b => b.FirstSequence <= to))
                await responseStream.WriteAsync(new Wire.ReadChangesResponse { Batch = signer.Sign(batch.Payload) }, context.CancellationToken);
            next = batches[^1].LastSequence + 1;
        }
    }

    public override async Task<Wire.FetchResponse> Fetch(Wire.FetchRequest request, ServerCallContext context)
    {
        if (request.Items.Count is 0 or > WireLimits.FetchItemsMax)
            throw ExchangeError.Invalid([new FieldError("items", $"must be 1 to {WireLimits.FetchItemsMax}")]).ToRpcException();

        var why = new LiveFetchContext(request.Consumer, request.Purpose, request.LegalBasis, request.CaseId, request.RequestId);
        return new Wire.FetchResponse { Results = { await answers.ToAsync(request.Items, why, context.CancellationToken) } };
    }
}
