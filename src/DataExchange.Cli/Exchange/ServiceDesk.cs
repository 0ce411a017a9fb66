using DataExchange.Contracts;
using Grpc.Net.Client;
using Polly;
using Polly.Retry;

namespace DataExchange.Cli.Exchange;

/// <summary>How the lookups of every mapped identifier came out.</summary>
/// <param name="Resolved">Answered with exactly the values that the source gives.</param>
/// <param name="Unresolved">Answered with too little: an attribute missing, stale or unavailable.</param>
/// <param name="Wrong">Answered with something that the source does not give.</param>
internal readonly record struct Score(int Lookups, int Resolved, int Unresolved, int Wrong);

/// <summary>The consumer of a showcase: asks for everything it is granted, as a department of its own with a key of its own.</summary>
internal sealed class ServiceDesk : IDisposable
{
    private const int Concurrency = 16;

    // As any caller should: what is unavailable is asked again, for a while.
    private static readonly ResiliencePipeline<Wire.LookupResponse> AskAgain = new ResiliencePipelineBuilder<Wire.LookupResponse>()
        .AddRetry(new RetryStrategyOptions<Wire.LookupResponse>
        {
            MaxRetryAttempts = 6,
            Delay = TimeSpan.FromMilliseconds(500),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
            ShouldHandle = new PredicateBuilder<Wire.LookupResponse>()
                .HandleResult(answer => answer.Answers.Any(a => a.Outcome == Wire.Outcome.Unavailable)),
        })
        .Build();

    private readonly GrpcChannel _channel;
    private readonly Wire.LookupService.LookupServiceClient _client;
    private readonly ExchangePlan _plan;
    private int _cases;

    public ServiceDesk(Workspace workspace, ExchangePlan plan)
    {
        _plan = plan;
        _channel = workspace.ConnectToHub(plan.Consumer.Id);
        _client = new(_channel);
    }

    public Wire.LookupRequest Everything(Identifier identifier) => new()
    {
        Identifier = identifier.ToWire(),
        Attributes = { _plan.Attributes.Select(a => new Wire.AttributeId { Department = a.Owner.Id, Name = a.Attribute.Name }) },
        Purpose = _plan.Consumer.Purpose,
        LegalBasis = _plan.Consumer.LegalBasis,
        CaseId = $"demo-{Interlocked.Increment(ref _cases)}",
    };

    /// <exception cref="Grpc.Core.RpcException">Refused; carries the reason.</exception>
    public async Task<Wire.LookupResponse> AskAsync(Wire.LookupRequest request, CancellationToken cancellationToken) =>
        await _client.LookupAsync(request, cancellationToken: cancellationToken);

    /// <summary>Looks every identifier up and holds each answer against what it must be.</summary>
    public async Task<Score> CheckAsync(Showcase showcase, Action<int> progress, CancellationToken cancellationToken)
    {
        int done = 0, resolved = 0, wrong = 0;
        await Parallel.ForEachAsync(
            showcase.Asked,
            new ParallelOptions { MaxDegreeOfParallelism = Concurrency, CancellationToken = cancellationToken },
            async (identifier, token) =>
            {
                var request = Everything(identifier);
                var answer = await AskAgain.ExecuteAsync(async t => await AskAsync(request, t), token);
                switch (Judge(answer, showcase.Expected(identifier)))
                {
                    case true:
                        Interlocked.Increment(ref resolved);
                        break;
                    case false:
                        Interlocked.Increment(ref wrong);
                        break;
                }

                progress(Interlocked.Increment(ref done));
            });
        return new Score(done, resolved, done - resolved - wrong, wrong);
    }

    /// <summary>True: the expected values and no others. False: a value that is not expected. Null: too little.</summary>
    public static bool? Judge(Wire.LookupResponse answer, IReadOnlyDictionary<AttributeId, List<string>> expected)
    {
        bool? judgement = expected.Count > 0 ? true : null;
        foreach (var item in answer.Answers)
        {
            AttributeId.TryRead(item.Attribute, out var attribute);
            var values = item.Evidence.Select(e => ValueText.Of(e.Value)).Order(StringComparer.Ordinal).ToList();
            var wanted = expected.GetValueOrDefault(attribute) ?? [];
            if (values.Except(wanted).Any() || values.Count > wanted.Count)
                return false;
            if (values.Count < wanted.Count || item.Outcome is not (Wire.Outcome.Provided or Wire.Outcome.Absent))
                judgement = null;
        }

        return judgement;
    }

    public void Dispose() => _channel.Dispose();
}
