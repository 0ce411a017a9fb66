using System.Threading.Channels;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Lookup;

/// <summary>The wire side of <see cref="IdentityLookup"/>: who calls, by when, and what an outcome looks like on the wire.</summary>
internal sealed class LookupGrpcService(IdentityLookup lookup, FairShare share, IOptions<LookupOptions> options, TimeProvider clock) : LookupBytesService
{
    public override async Task<LookupOutcome> Lookup(byte[] request, ServerCallContext context)
    {
        var deadline = clock.GetUtcNow() + context.GetBudget(clock);
        var outcomes = await lookup.AnswerAsync(Consumer(context), [ReceivedLookup.Parse(request)], deadline, context.CancellationToken);
        return outcomes[0].Refusal is null ? outcomes[0] : throw outcomes[0].ToError().ToRpcException();
    }

    public override async Task LookupMany(IAsyncStreamReader<byte[]> requests, IServerStreamWriter<LookupOutcome[]> responses, ServerCallContext context)
    {
        // Some messages are worked on at once, and their answers leave in the order they came.
        var working = Channel.CreateBounded<Task<LookupOutcome[]>>(options.Value.StreamMessagesMax);
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

    // Async for its exceptions' sake: one message's fault must surface at its own turn.
    private async Task<LookupOutcome[]> AnswerAsync(byte[] message, ServerCallContext context)
    {
        // A stream's own deadline is about the stream; each message gets what a lone lookup without one would get.
        using var place = await share.EnterAsync(context.GetPeer(), context.CancellationToken);
        var deadline = clock.GetUtcNow() + CallContextExtensions.BudgetDefault;
        return await lookup.AnswerAsync(Consumer(context), ReceivedLookup.ParseMany(message), deadline, context.CancellationToken);
    }

    private static DepartmentId Consumer(ServerCallContext context) => DepartmentId.Parse(context.GetPeer().Name);
}
