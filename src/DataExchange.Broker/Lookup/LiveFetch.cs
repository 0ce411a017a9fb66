using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Broker.Providers;
using DataExchange.Contracts;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.RateLimiting;
using Polly.Registry;
using Polly.Timeout;

namespace DataExchange.Broker.Lookup;

/// <summary>One located fact's value as its provider gave it now, or the reason why there is none. Neither: the provider holds nothing any more.</summary>
internal readonly record struct FetchedFact(Wire.FetchedValue? Value, ErrorReason? Missing);

/// <summary>The fetched values, by the position of their fact; empty for facts that are held.</summary>
internal readonly struct FetchedValues(FetchedFact[]? byFact)
{
    public FetchedFact this[int fact] => byFact is null ? default : byFact[fact];
}

/// <summary>
/// Asks the adapters for values that the hub may not hold. Providers are asked side by side, each behind a pipeline of its own,
/// so that a slow or dead one costs its own attributes and nothing else.
/// </summary>
internal sealed partial class LiveFetch(
    ProviderChannels channels,
    ResiliencePipelineRegistry<DepartmentId> pipelines,
    IOptions<LookupOptions> options,
    TimeProvider clock,
    ILogger<LiveFetch> log)
{
    /// <summary>Never throws for a provider's failure: it is the reason of that provider's facts.</summary>
    public ValueTask<FetchedValues> FetchAsync(
        LookupQuestion question,
        DepartmentId consumer,
        CatalogueSnapshot catalogue,
        Fact[] facts,
        DateTimeOffset deadline,
        CancellationToken cancellationToken)
    {
        for (var i = 0; i < facts.Length; i++)
        {
            if (!facts[i].Held)
                return new(FetchLocatedAsync(question, consumer, catalogue, facts, deadline, cancellationToken));
        }

        return new(default(FetchedValues));
    }

    private async Task<FetchedValues> FetchLocatedAsync(
        LookupQuestion question,
        DepartmentId consumer,
        CatalogueSnapshot catalogue,
        Fact[] facts,
        DateTimeOffset deadline,
        CancellationToken cancellationToken)
    {
        var fetched = new FetchedFact[facts.Length];
        var budget = deadline - clock.GetUtcNow() - options.Value.AnswerReserve;
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        cut.CancelAfter(budget > TimeSpan.Zero ? budget : TimeSpan.Zero);

        var asks = Enumerable.Range(0, facts.Length)
            .Where(i => !facts[i].Held)
            .GroupBy(i => facts[i].Attribute.Department)
            .SelectMany(provider => provider.Chunk(WireLimits.FetchItemsMax)
                .Select(chunk => AskAsync(catalogue.Departments[provider.Key], chunk)));
        await Task.WhenAll(asks);
        return new FetchedValues(fetched);

        async Task AskAsync(DepartmentModel provider, int[] chunk)
        {
            var request = Request(question, consumer, chunk.Select(i => facts[i]));
            var (response, missing) = await CallAsync(provider, request, budget, cut.Token);
            for (var n = 0; n < chunk.Length; n++)
                fetched[chunk[n]] = response is null
                    ? new(null, missing)
                    : Read(response.Results[n], catalogue.Attributes[facts[chunk[n]].Attribute].Type);
        }
    }

    private async Task<(Wire.FetchResponse? Response, ErrorReason? Missing)> CallAsync(
        DepartmentModel provider, Wire.FetchRequest request, TimeSpan budget, CancellationToken cut)
    {
        if (budget <= TimeSpan.Zero)
            return (null, ErrorReasons.ProviderTooSlow);
        if (provider.Suspended)
            return (null, ErrorReasons.ProviderSilent);
        if (channels.For(provider) is not { } channel)
            return (null, ErrorReasons.ProviderUnreachable);

        var client = new Wire.AdapterService.AdapterServiceClient(channel);
        var context = ResilienceContextPool.Shared.Get(cut);
        context.Properties.Set(ProviderPipeline.Budget, budget);
        try
        {
            var pipeline = pipelines.GetOrAddPipeline(provider.Id, builder => ProviderPipeline.Configure(builder, options.Value, clock));
            var response = await pipeline.ExecuteAsync(
                static async (c, call) => await call.client.FetchAsync(call.request, cancellationToken: c.CancellationToken),
                context,
                (client, request));
            return response.Results.Count == request.Items.Count ? (response, null) : (null, ErrorReasons.ProviderFailed);
        }
        catch (Exception e) when (Reason(e, cut) is { } reason)
        {
            Log.Failed(log, provider.Id, reason);
            return (null, reason);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private static ErrorReason? Reason(Exception e, CancellationToken cut) => e switch
    {
        TimeoutRejectedException => ErrorReasons.ProviderTooSlow,
        BrokenCircuitException => ErrorReasons.ProviderCircuitOpen,
        RateLimiterRejectedException => ErrorReasons.ProviderBusy,
        OperationCanceledException when cut.IsCancellationRequested => ErrorReasons.ProviderTooSlow,
        // What the channel makes of a server that answers DEADLINE_EXCEEDED, at times of one that fails its identity check, and of itself once closed.
        OperationCanceledException or ObjectDisposedException => ErrorReasons.ProviderUnreachable,
        RpcException { StatusCode: StatusCode.Cancelled } when cut.IsCancellationRequested => ErrorReasons.ProviderTooSlow,
        // No connection, or to a server that did not prove to be the department: INTERNAL by the channel's own word, not by the provider's.
        RpcException { Status.DebugException: HttpRequestException } or RpcException { StatusCode: StatusCode.Unavailable } => ErrorReasons.ProviderUnreachable,
        RpcException => ErrorReasons.ProviderFailed,
        _ => null,
    };

    private static Wire.FetchRequest Request(LookupQuestion question, DepartmentId consumer, IEnumerable<Fact> facts)
    {
        var request = new Wire.FetchRequest
        {
            Consumer = consumer.Value,
            Purpose = question.Purpose,
            LegalBasis = question.LegalBasis,
            CaseId = question.CaseId,
            RequestId = question.RequestId,
        };
        foreach (var fact in facts)
        {
            request.Items.Add(new Wire.FetchItem
            {
                Subject = new() { Locator = ByteString.CopyFrom(fact.Content.Span) },
                Attribute = fact.Attribute.Name,
            });
        }

        return request;
    }

    // A provider that breaks the contract must not be able to break the answer.
    private static FetchedFact Read(Wire.FetchResult result, Wire.ValueType declared) => result.ResultCase switch
    {
        Wire.FetchResult.ResultOneofCase.Found when result.Found is { Value: { } value, AsOf: { } asOf }
            && ValueRules.Violation(value, declared) is null && ValueRules.IsTimestamp(asOf) => new(result.Found, null),
        Wire.FetchResult.ResultOneofCase.Absent => default,
        Wire.FetchResult.ResultOneofCase.Unavailable => new(null, ErrorReasons.ProviderUnreachable),
        _ => new(null, ErrorReasons.ProviderFailed),
    };

    private static partial class Log
    {
        [LoggerMessage(EventId = 2600, EventName = "FetchFailed", Level = LogLevel.Warning, Message = "Live fetch from {Provider} failed: {Reason}")]
        public static partial void Failed(ILogger logger, DepartmentId provider, ErrorReason reason);
    }
}
