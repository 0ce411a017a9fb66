using Polly;
using Polly.Retry;

namespace DataExchange.Adapter;

/// <summary>
/// Tries until it works or is cancelled; the pause doubles from 200 ms up to a limit, with jitter, so that many adapters do not come
/// back at the same moment.
/// </summary>
internal static class RetryForever
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(200);

    /// <param name="onFailure">Told of every failure before the pause.</param>
    public static ResiliencePipeline Create(TimeSpan delayMax, TimeProvider time, Action<Exception> onFailure) =>
        new ResiliencePipelineBuilder { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions
            {
                // Also a cancellation that nobody here asked for: a deadline of gRPC or the bus ends as one.
                ShouldHandle = args => ValueTask.FromResult(args.Outcome.Exception is not null && !args.Context.CancellationToken.IsCancellationRequested),
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = FirstDelay,
                MaxDelay = delayMax,
                OnRetry = args =>
                {
                    onFailure(args.Outcome.Exception!);
                    return ValueTask.CompletedTask;
                },
            })
            .Build();
}
