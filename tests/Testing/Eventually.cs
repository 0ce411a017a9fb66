using System.Diagnostics;

namespace DataExchange.Testing;

/// <summary>Waits for something that raises no event: asks again and again until it holds or the time is over. Never a fixed sleep.</summary>
public static class Eventually
{
    public static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(200);

    /// <summary>Returns the first answer that <paramref name="holds"/> accepts.</summary>
    /// <param name="timeout">30 s if not given.</param>
    /// <exception cref="TimeoutException">Names what was waited for and the last answer. An exception of <paramref name="probe"/> counts as "not yet".</exception>
    public static async Task<T> Async<T>(
        string what, Func<Task<T>> probe, Func<T, bool> holds, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        var limit = timeout ?? DefaultTimeout;
        var started = Stopwatch.GetTimestamp();
        for (var pause = FirstPause; ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, LongestPause.Ticks)))
        {
            T? last = default;
            Exception? failure = null;
            try
            {
                last = await probe();
                if (holds(last))
                    return last;
            }
            catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
            {
                failure = exception;
            }

            if (Stopwatch.GetElapsedTime(started) > limit)
                throw new TimeoutException($"Not within {limit}: {what}. Last seen: {failure?.Message ?? $"{last}"}", failure);
            await Task.Delay(pause, cancellationToken);
        }
    }

    public static Task Async(string what, Func<Task<bool>> holds, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Async(what, holds, held => held, timeout, cancellationToken);

    public static Task Async(string what, Func<bool> holds, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        Async(what, () => Task.FromResult(holds()), held => held, timeout, cancellationToken);
}
