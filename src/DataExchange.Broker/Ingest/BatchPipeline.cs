using System.Runtime.CompilerServices;
using System.Threading.Channels;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Broker.Ingest;

/// <summary>Applies a stream of batches side by side, so that they share writes to disk, and gives their outcomes in the order they came.</summary>
internal static class BatchPipeline
{
    /// <param name="ingest">Where they go.</param>
    /// <param name="batches">Read no further ahead than <paramref name="atOnceMax"/>. Its exceptions surface after the outcomes of what came before.</param>
    /// <param name="caller">The department of the TLS key that sends them.</param>
    /// <param name="atOnceMax">Batches that are applied at once, at least 1.</param>
    /// <param name="cancellationToken">Ends reading and waiting.</param>
    public static async IAsyncEnumerable<BatchOutcome> ApplyAllAsync(
        this ChangeIngest ingest,
        IAsyncEnumerable<Wire.PublishRequest> batches,
        DepartmentId caller,
        int atOnceMax,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var places = new SemaphoreSlim(atOnceMax);
        var inOrder = Channel.CreateUnbounded<Task<BatchOutcome>>(new() { SingleReader = true, SingleWriter = true });
        var reading = ReadAsync();
        try
        {
            await foreach (var working in inOrder.Reader.ReadAllAsync(stop.Token))
            {
                yield return await working;
                places.Release();
            }
        }
        finally
        {
            // Whoever stops taking outcomes stops the reading too; what is being applied by then is applied.
            await stop.CancelAsync();
            await reading;
        }

        async Task ReadAsync()
        {
            try
            {
                await foreach (var batch in batches.WithCancellation(stop.Token))
                {
                    await places.WaitAsync(stop.Token);
                    // An absent batch is refused as an empty one.
                    var signed = batch.Batch ?? new Wire.SignedChangeBatch();
                    inOrder.Writer.TryWrite(ingest.ApplyAsync(signed, caller, ExchangeDiagnostics.ParentOf(batch.Traceparent), stop.Token).AsTask());
                }

                inOrder.Writer.Complete();
            }
            catch (Exception exception)
            {
                inOrder.Writer.Complete(exception);
            }
        }
    }
}
