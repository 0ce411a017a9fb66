using DataExchange.Contracts;
using MassTransit;

namespace DataExchange.Broker.Ingest;

/// <summary>A batch that will never be applied as it is: goes to the error queue with this message as its reason.</summary>
internal sealed class BatchRefusedException(ExchangeError error) : Exception($"{error.Reason}: {error.Detail}");

/// <summary>A batch that could not be decided on, and is kept until it can.</summary>
internal sealed class BatchUndecidedException(ExchangeError error) : Exception($"{error.Reason}: {error.Detail}");

/// <summary>
/// Takes batches off the bus. A message is acknowledged once its changes are durable; one that is wrong leaves the queue at once,
/// alone, and leaves a gap that health shows.
/// </summary>
internal sealed class ChangeBatchConsumer(ChangeIngest ingest) : IConsumer<ChangeBatchMessage>
{
    public async Task Consume(ConsumeContext<ChangeBatchMessage> context)
    {
        var outcome = await ingest.ApplyAsync(context.Message.SignedBatch, context.CancellationToken);
        if (outcome.Error is not { } error)
            return;
        throw outcome.Result == BatchResult.Unavailable ? new BatchUndecidedException(error) : new BatchRefusedException(error);
    }
}
