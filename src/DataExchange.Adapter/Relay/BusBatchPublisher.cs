using DataExchange.Contracts;
using DataExchange.Hosting;
using Google.Protobuf;

namespace DataExchange.Adapter;

/// <summary>
/// Publishes onto the bus: a batch counts only when a queue has it durably. The hub reads it from there in its own time. Connection,
/// deadline and watchdog are <see cref="ReliablePublisher"/>'s.
/// </summary>
internal sealed class BusBatchPublisher(ReliablePublisher bus) : IBatchPublisher, IDisposable
{
    private CancellationTokenSource _pending = new();

    public bool ConfirmsForHub => false;

    public async Task<PublishConfirmation> PublishAsync(ulong firstSequence, Wire.SignedChangeBatch batch, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _pending.Token);
        // Only the wait is given up: a publish has its own deadline, and one broken off in the middle is an error to the bus.
        var publish = bus.PublishAsync(new ChangeBatchMessage { SignedBatch = batch.ToByteArray() }, CancellationToken.None);
        var outcome = await publish.WaitAsync(waiting.Token);
        return outcome == PublishOutcome.Confirmed ? default : throw new PublishFailedException(outcome.ToString());
    }

    public async ValueTask ResetAsync()
    {
        using var pending = Interlocked.Exchange(ref _pending, new CancellationTokenSource());
        await pending.CancelAsync();
    }

    public void Dispose() => _pending.Dispose();
}
