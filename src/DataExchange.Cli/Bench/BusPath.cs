using System.Diagnostics;
using System.Globalization;

namespace DataExchange.Cli.Bench;

/// <summary>
/// Publishes signed batches from this process and lets a child consume them, with the flow control that the adapter has: so many
/// unconfirmed, so many ahead of the consumer.
/// </summary>
/// <param name="publish">Completes when the server has confirmed the message.</param>
internal sealed class BusPath(BenchProcess consumer, Func<byte[], Task> publish, IReadOnlyList<byte[]> batches, int batch) : IIngestPath
{
    private const int Unconfirmed = 64;
    private const int Window = 1_000;

    private static readonly TimeSpan LeadIn = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CountInterval = TimeSpan.FromMilliseconds(20);

    public async Task<Measurement> MeasureAsync(TimeSpan window, CancellationToken cancellationToken)
    {
        using var ahead = new SemaphoreSlim(Window);
        var (before, next, stopped) = (await ConsumedAsync(cancellationToken), -1, false);
        var publishers = Enumerable.Range(0, Unconfirmed).Select(_ => Task.Run(PublishAsync, cancellationToken)).ToArray();
        var counting = CountAsync();

        await Task.Delay(LeadIn, cancellationToken);
        var (first, cpu, watch) = (await ConsumedAsync(cancellationToken), consumer.Cpu, Stopwatch.StartNew());
        await Task.WhenAny([.. publishers, counting, Task.Delay(window, cancellationToken)]);
        var (last, used, elapsed) = (await ConsumedAsync(cancellationToken), consumer.Cpu - cpu, watch.Elapsed);

        Volatile.Write(ref stopped, true);
        await Task.WhenAll(publishers);
        await counting;
        var changes = (double)(last - first) * batch;
        return new Measurement(changes / elapsed.TotalSeconds, 0, 0, used.TotalMicroseconds / changes);

        async Task PublishAsync()
        {
            while (!Volatile.Read(ref stopped))
            {
                await ahead.WaitAsync(cancellationToken);
                await publish(batches[(int)((uint)Interlocked.Increment(ref next) % batches.Count)]);
            }
        }

        // Until everything published has arrived, which also lets publishers that wait at the window see the end.
        async Task CountAsync()
        {
            var counted = before;
            while (!Volatile.Read(ref stopped) || counted < before + Volatile.Read(ref next) + 1)
            {
                await Task.Delay(CountInterval, cancellationToken);
                var consumed = await ConsumedAsync(cancellationToken);
                if (consumed > counted)
                    ahead.Release((int)(consumed - counted));
                counted = consumed;
            }
        }
    }

    private async Task<long> ConsumedAsync(CancellationToken cancellationToken) =>
        long.Parse(await consumer.AskAsync("count", cancellationToken), CultureInfo.InvariantCulture);
}
