using System.Diagnostics;
using HdrHistogram;

namespace DataExchange.Cli.Bench;

/// <summary>Closed loop: so many workers, each with one call in flight, begin the next call when the last is answered.</summary>
internal static class LoadGenerator
{
    // Three digits up to a minute, in microseconds.
    private const long LatencyMax = 60_000_000;

    private static readonly TimeSpan LeadIn = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Runs all workers for <paramref name="window"/> and a lead-in, and measures only what is answered within the window.
    /// </summary>
    /// <param name="operations">Operations in one call.</param>
    /// <param name="call">One call, given the worker's number.</param>
    /// <param name="server">Its processor time is read at both ends of the window.</param>
    public static async Task<Measurement> RunAsync(
        int concurrency, int operations, Func<int, Task> call, BenchProcess server, TimeSpan window, CancellationToken cancellationToken)
    {
        var (measured, over) = (false, false);
        var workers = Enumerable.Range(0, concurrency).Select(n => Task.Run(() => WorkAsync(n), cancellationToken)).ToArray();
        await AnyOrDelayAsync(workers, LeadIn, cancellationToken);

        var (cpu, watch) = (server.Cpu, Stopwatch.StartNew());
        Volatile.Write(ref measured, true);
        await AnyOrDelayAsync(workers, window, cancellationToken);
        Volatile.Write(ref over, true);
        var (elapsed, used) = (watch.Elapsed, server.Cpu - cpu);

        var latencies = new LongHistogram(LatencyMax, 3);
        foreach (var worker in await Task.WhenAll(workers))
            latencies.Add(worker);
        var done = latencies.TotalCount * operations;
        return new Measurement(
            done / elapsed.TotalSeconds, latencies.GetValueAtPercentile(50), latencies.GetValueAtPercentile(99), used.TotalMicroseconds / done);

        async Task<LongHistogram> WorkAsync(int number)
        {
            var mine = new LongHistogram(LatencyMax, 3);
            while (!Volatile.Read(ref over))
            {
                var begun = Stopwatch.GetTimestamp();
                await call(number);
                if (Volatile.Read(ref measured) && !Volatile.Read(ref over))
                    mine.RecordValue(Math.Min(LatencyMax, (long)Stopwatch.GetElapsedTime(begun).TotalMicroseconds));
            }

            return mine;
        }
    }

    /// <summary>A worker that ends early has failed: its exception is thrown at once.</summary>
    private static async Task AnyOrDelayAsync(Task[] workers, TimeSpan time, CancellationToken cancellationToken)
    {
        var first = await Task.WhenAny([.. workers, Task.Delay(time, cancellationToken)]);
        await first;
    }
}
