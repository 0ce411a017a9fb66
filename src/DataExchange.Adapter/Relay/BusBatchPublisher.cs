using DataExchange.Contracts;
using Google.Protobuf;
using MassTransit;

namespace DataExchange.Adapter;

/// <summary>
/// Publishes onto the bus, mandatory and confirmed: a batch counts only when a queue has it, and no queue is a failure. The hub reads it
/// from there in its own time.
/// </summary>
internal sealed class BusBatchPublisher(IBus bus) : IBatchPublisher, IDisposable
{
    private CancellationTokenSource _connection = new();

    public bool ConfirmsForHub => false;

    public async Task<PublishConfirmation> PublishAsync(ulong firstSequence, Wire.SignedChangeBatch batch, CancellationToken cancellationToken)
    {
        using var publish = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _connection.Token);
        await bus.Publish(new ChangeBatchMessage { SignedBatch = batch.ToByteArray() }, context => context.Mandatory = true, publish.Token);
        return default;
    }

    public async ValueTask ResetAsync()
    {
        using var dropped = Interlocked.Exchange(ref _connection, new CancellationTokenSource());
        await dropped.CancelAsync();
    }

    public void Dispose() => _connection.Dispose();
}
