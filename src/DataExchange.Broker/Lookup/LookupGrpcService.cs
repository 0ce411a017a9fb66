using System.Threading.Channels;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Lookup;

/// <summary>The wire side of <see cref="IdentityLookup"/>: who calls, by when, and what an outcome looks like on the wire.</summary>
internal sealed class LookupGrpcService(IdentityLookup lookup, IOptions<LookupOptions> options, TimeProvider clock)
    : Wire.LookupService.LookupServiceBase
{
    public override async Task<Wire.LookupResponse> Lookup(Wire.LookupRequest request, ServerCallContext context)
    {
        if (request.CalculateSize() > WireLimits.LookupBytesMax)
            throw ExchangeError.Of(ErrorReasons.MessageTooLarge).ToRpcException();
        var deadline = clock.GetUtcNow() + context.GetBudget(clock);
        var outcome = await lookup.AnswerAsync(Consumer(context), request, deadline, context.CancellationToken);
        return outcome.Answer ?? throw Refusal(outcome).ToRpcException();
    }

    public override async Task LookupMany(
        IAsyncStreamReader<Wire.LookupManyRequest> requests, IServerStreamWriter<Wire.LookupManyResponse> responses, ServerCallContext context)
    {
        // Some messages are worked on at once, and their answers leave in the order they came.
        var working = Channel.CreateBounded<Task<Wire.LookupManyResponse>>(options.Value.StreamMessagesMax);
        var reading = ReadAsync();
        await foreach (var answered in working.Reader.ReadAllAsync(context.CancellationToken))
            await responses.WriteAsync(await answered, context.CancellationToken);
        await reading;

        async Task ReadAsync()
        {
            Exception? fault = null;
            try
            {
                await foreach (var message in requests.ReadAllAsync(context.CancellationToken))
                    await working.Writer.WriteAsync(AnswerAsync(message, context), context.CancellationToken);
            }
            catch (Exception e)
            {
                fault = e;
            }

            working.Writer.TryComplete(fault);
        }
    }

    private async Task<Wire.LookupManyResponse> AnswerAsync(Wire.LookupManyRequest message, ServerCallContext context)
    {
        if (message.Lookups.Count is 0 or > WireLimits.LookupsPerMessageMax)
            throw ExchangeError.Invalid([new("lookups", $"must hold 1 to {WireLimits.LookupsPerMessageMax} lookups")]).ToRpcException();

        var consumer = Consumer(context);
        // A stream's own deadline is about the stream; each message gets what a lone lookup without one would get.
        var deadline = clock.GetUtcNow() + CallContextExtensions.BudgetDefault;
        // All are started before the first is awaited, so that their audit entries share one write to disk.
        var answers = new Task<LookupOutcome>[message.Lookups.Count];
        for (var i = 0; i < answers.Length; i++)
            answers[i] = lookup.AnswerAsync(consumer, message.Lookups[i], deadline, context.CancellationToken);
        var response = new Wire.LookupManyResponse();
        foreach (var answer in answers)
            response.Results.Add(Result(await answer));
        return response;
    }

    private static Wire.LookupResult Result(LookupOutcome outcome)
    {
        if (outcome.Answer is { } answer)
            return new Wire.LookupResult { Answer = answer };
        var error = outcome.Refusal!;
        return new Wire.LookupResult
        {
            Refusal = new Wire.Refusal
            {
                Code = (int)error.Reason.Code,
                Reason = error.Reason.Name,
                Message = error.Detail,
                Fields = { error.Fields.Select(f => f.Field) },
                RequestId = outcome.RequestId,
                Receipt = outcome.Receipt,
            },
        };
    }

    private static DepartmentId Consumer(ServerCallContext context) => DepartmentId.Parse(context.GetPeer().Name);

    /// <summary>A refusal is audited too; the caller gets to know where.</summary>
    private static ExchangeError Refusal(LookupOutcome outcome)
    {
        var error = outcome.Refusal!;
        if (outcome.Receipt is not { } receipt)
            return error;
        var metadata = new Dictionary<string, string>(error.Metadata)
        {
            ["auditLog"] = receipt.LogId,
            ["auditEntry"] = receipt.EntryIndex.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        if (outcome.RequestId.Length > 0)
            metadata["requestId"] = outcome.RequestId;
        return error with { Metadata = metadata };
    }
}
