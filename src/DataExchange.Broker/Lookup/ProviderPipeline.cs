using Grpc.Core;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace DataExchange.Broker.Lookup;

/// <summary>
/// What stands between a lookup and one provider, from the outside in: so many at once, again after a failure, not at all while
/// the circuit is open, and never longer than the attempt's share of the deadline.
/// </summary>
internal static class ProviderPipeline
{
    /// <summary>What is left of the lookup's deadline when the call begins.</summary>
    public static readonly ResiliencePropertyKey<TimeSpan> Budget = new("lookup-budget");

    private static readonly TimeSpan TimeoutMin = TimeSpan.FromMilliseconds(10);

    public static void Configure(ResiliencePipelineBuilder builder, LookupOptions options, TimeProvider clock)
    {
        builder.TimeProvider = clock;
        builder.AddConcurrencyLimiter(options.ProviderConcurrencyMax, options.ProviderQueueMax);
        if (options.RetriesMax > 0)
        {
            builder.AddRetry(new RetryStrategyOptions
            {
                MaxRetryAttempts = options.RetriesMax,
                Delay = TimeSpan.FromMilliseconds(20),
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = new PredicateBuilder().Handle<RpcException>(e => e.StatusCode == StatusCode.Unavailable),
            });
        }

        builder.AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            FailureRatio = options.CircuitFailureRatio,
            MinimumThroughput = options.CircuitAttemptsMin,
            SamplingDuration = options.CircuitWindow,
            BreakDuration = options.CircuitBreak,
            ShouldHandle = new PredicateBuilder()
                .Handle<RpcException>(e => e.StatusCode is not (StatusCode.InvalidArgument or StatusCode.Cancelled))
                .Handle<TimeoutRejectedException>(e => e.Timeout >= options.CircuitTimeoutMin),
        });
        builder.AddTimeout(new TimeoutStrategyOptions
        {
            TimeoutGenerator = arguments => new(Shorter(options.AttemptTimeout, arguments.Context)),
        });
    }

    // Less than what Polly takes is cut by the lookup's own token.
    private static TimeSpan Shorter(TimeSpan attempt, ResilienceContext context)
    {
        // A little before the lookup's own token, or no time-out would ever count against the circuit.
        var budget = context.Properties.GetValue(Budget, attempt) - TimeoutMin;
        var shorter = budget < attempt ? budget : attempt;
        return shorter > TimeoutMin ? shorter : TimeoutMin;
    }
}
