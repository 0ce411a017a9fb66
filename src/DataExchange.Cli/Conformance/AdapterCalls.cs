using System.Diagnostics;
using DataExchange.Hosting;
using Grpc.Core;
using Grpc.Net.Client;

namespace DataExchange.Cli.Conformance;

/// <summary>
/// Calls the adapter as its hub, and holds every call to the time that the adapter states: late is one finding, no answer at all another,
/// after which that check ends. Thread safe.
/// </summary>
internal sealed class AdapterCalls(GrpcChannel channel, Verdicts verdicts, TimeSpan answerMax) : IDisposable
{
    /// <summary>For the first calls: they bear the connection and the start of both programs, and nothing is stated yet.</summary>
    public static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(30);

    /// <summary>How much longer than the stated time is waited, to tell a late answer from none.</summary>
    private const int Patience = 3;

    private readonly Wire.AdapterService.AdapterServiceClient _client = new(channel);

    /// <summary>What the adapter states of itself; its caller's until Describe has been read.</summary>
    public TimeSpan AnswerMax { get; set; } = answerMax;

    private TimeSpan GivenUp => AnswerMax * Patience;

    public static GrpcChannel Connect(VerifyConfig config, TlsCredentials hub, IKeyDirectory? keys) => MutualTlsClient.Connect(
        config.Address,
        hub,
        new ExpectedPeer(PeerRole.Department, config.Department.Value) { Keys = keys },
        new ClientLimits { ReceiveBytesMax = 16 * 1024 * 1024, SendBytesMax = 16 * 1024 * 1024 });

    public Task<Answer<Wire.DescribeResponse>> DescribeAsync(CancellationToken stop) =>
        CallAsync("Describe", token => _client.DescribeAsync(new Wire.DescribeRequest(), cancellationToken: token).ResponseAsync, timed: true, stop);

    public Task<Answer<Wire.FetchResponse>> FetchAsync(Wire.FetchRequest request, CancellationToken stop) =>
        CallAsync("Fetch", token => _client.FetchAsync(request, cancellationToken: token).ResponseAsync, timed: true, stop);

    /// <summary>Without findings: at first, under load, after a restart.</summary>
    /// <param name="patience">Longer than for a call that is held to its time.</param>
    public Task<Answer<Wire.DescribeResponse>> TryDescribeAsync(CancellationToken stop, TimeSpan? patience = null) =>
        CallAsync("Describe", token => _client.DescribeAsync(new Wire.DescribeRequest(), cancellationToken: token).ResponseAsync, timed: false, stop, patience);

    /// <inheritdoc cref="TryDescribeAsync"/>
    public Task<Answer<Wire.FetchResponse>> TryFetchAsync(Wire.FetchRequest request, CancellationToken stop) =>
        CallAsync("Fetch", token => _client.FetchAsync(request, cancellationToken: token).ResponseAsync, timed: false, stop);

    /// <summary>Reads batches until the stream ends or <paramref name="take"/> says that it has had enough.</summary>
    /// <param name="timed">Whether lateness is a finding.</param>
    public async Task<Answer<object>> ReadAsync(Wire.ReadChangesRequest request, Func<Wire.SignedChangeBatch, bool> take, CancellationToken stop, bool timed = true)
    {
        using var silence = new CancellationTokenSource(GivenUp);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(silence.Token, stop);
        var longest = TimeSpan.Zero;
        var waited = Stopwatch.StartNew();
        try
        {
            using var call = _client.ReadChanges(request, cancellationToken: cut.Token);
            bool more;
            do
            {
                waited.Restart();
                more = await call.ResponseStream.MoveNext(cut.Token);
                longest = waited.Elapsed > longest ? waited.Elapsed : longest;
                silence.CancelAfter(GivenUp);
            }
            while (more && take(call.ResponseStream.Current.Batch ?? new Wire.SignedChangeBatch()));
            return Timed("ReadChanges", new Answer<object>(call, StatusCode.OK, "", longest), timed);
        }
        catch (RpcException refusal)
        {
            return Timed("ReadChanges", Answer<object>.Refused(refusal, longest), timed);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return Timed("ReadChanges", new Answer<object>(null, silence.IsCancellationRequested ? StatusCode.DeadlineExceeded : StatusCode.Unavailable, "", longest), timed);
        }
    }

    /// <summary>The value of a proper call; a refusal is a finding, and the check ends.</summary>
    public T Expect<T>(string rpc, Answer<T> answer)
        where T : class
    {
        verdicts.Judge(ConformanceRules.Answered, answer.IsOk, answer.Told, rpc);
        return answer.Value ?? throw new CheckEndedException();
    }

    public void Dispose() => channel.Dispose();

    private async Task<Answer<T>> CallAsync<T>(string rpc, Func<CancellationToken, Task<T>> call, bool timed, CancellationToken stop, TimeSpan? patience = null)
        where T : class
    {
        using var late = new CancellationTokenSource(patience ?? GivenUp);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(late.Token, stop);
        var waited = Stopwatch.StartNew();
        try
        {
            return Timed(rpc, new Answer<T>(await call(cut.Token), StatusCode.OK, "", waited.Elapsed), timed);
        }
        catch (RpcException refusal)
        {
            return Timed(rpc, Answer<T>.Refused(refusal, waited.Elapsed), timed);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            // A handshake that this side ends shows so, too.
            return Timed(rpc, new Answer<T>(null, late.IsCancellationRequested ? StatusCode.DeadlineExceeded : StatusCode.Unavailable, "", waited.Elapsed), timed);
        }
    }

    private Answer<T> Timed<T>(string rpc, Answer<T> answer, bool timed)
        where T : class
    {
        if (!timed)
            return answer;
        if (answer.Status == StatusCode.DeadlineExceeded)
        {
            verdicts.Break(ConformanceRules.NotHanging, $"no answer within {Seconds(GivenUp)}, where {Seconds(AnswerMax)} are the most", rpc);
            throw new CheckEndedException();
        }

        verdicts.Hold(ConformanceRules.NotHanging, rpc);
        verdicts.Judge(ConformanceRules.InTime, answer.Took <= AnswerMax, $"it took {Seconds(answer.Took)}, where {Seconds(AnswerMax)} are the most", rpc);
        return answer;
    }

    private static string Seconds(TimeSpan time) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
