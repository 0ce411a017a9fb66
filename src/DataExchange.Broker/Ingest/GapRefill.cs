using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Broker.Providers;
using DataExchange.Contracts;
using Grpc.Core;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Ingest;

/// <summary>
/// Asks a department's adapter for the batches that its stream is missing, whatever became of them: lost on the bus, refused before the
/// catalogue was mended, or written after the index was restored. They come in by the same door as all others.
/// </summary>
internal sealed partial class GapRefill(
    ChangeIngest ingest,
    StreamStates streams,
    CatalogueState catalogue,
    ProviderChannels channels,
    IOptions<IngestOptions> options,
    TimeProvider clock,
    ILogger<GapRefill> log) : BackgroundService
{
    // One department's turn ends here, so that a long stream does not keep the others waiting.
    private const int BatchesPerTurnMax = 10_000;

    private readonly ConcurrentDictionary<DepartmentId, RefillState> _states = new();

    /// <summary>Why the last refill of a department did not close its gap; null if none is needed, or none has failed.</summary>
    public ErrorReason? FailureOf(DepartmentId department) => _states.TryGetValue(department, out var state) ? state.Failure : null;

    /// <summary>No refill is under way.</summary>
    internal bool IsIdle => _states.Values.All(state => state.Running.IsCompleted);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ticks = new PeriodicTimer(options.Value.GapTolerance / 2, clock);
        try
        {
            while (await ticks.WaitForNextTickAsync(stoppingToken))
                StartDue(stoppingToken);
        }
        finally
        {
            await Task.WhenAll(_states.Values.Select(state => state.Running));
        }
    }

    /// <returns>How many refills were started.</returns>
    internal int StartDue(CancellationToken stoppingToken)
    {
        if (catalogue.Current is not { } snapshot)
            return 0;

        var now = clock.GetUtcNow();
        var places = options.Value.RefillsMax - _states.Values.Count(state => !state.Running.IsCompleted);
        var due = new List<(RefillState State, DepartmentModel Department, StreamSnapshot Stream)>();
        foreach (var stream in streams.All)
        {
            if (!IsMissed(stream, now))
            {
                if (_states.TryGetValue(stream.Department, out var done) && done.Running.IsCompleted)
                    _states.TryRemove(stream.Department, out _);
                continue;
            }

            var state = _states.GetOrAdd(stream.Department, _ => new RefillState(options.Value));
            if (state.IsDue(now, snapshot.Version) && snapshot.Departments.TryGetValue(stream.Department, out var department) && !department.Suspended)
                due.Add((state, department, stream));
        }

        // Whoever has waited longest goes first.
        var started = due.OrderBy(entry => entry.State.NotBefore).Take(places).ToList();
        foreach (var (state, department, stream) in started)
            state.Start(snapshot.Version, () => RefillAsync(state, department, stream, stoppingToken));
        return started.Count;
    }

    /// <summary>Batches that overtake each other leave gaps that close by themselves; in quarantine nothing would be applied.</summary>
    private bool IsMissed(StreamSnapshot stream, DateTimeOffset now) =>
        stream.Quarantine is null && stream.Gaps.Count > 0 && stream.Gaps[0].SeenAt <= now - options.Value.GapTolerance;

    private async Task RefillAsync(RefillState state, DepartmentModel department, StreamSnapshot stream, CancellationToken stoppingToken)
    {
        ErrorReason? failure;
        try
        {
            failure = await ReadMissingAsync(department, stream, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            return;
        }
        catch (Exception exception)
        {
            // A bug of ours must not be tried again in a tight loop, nor end the refills of the others.
            Log.RefillBroke(log, exception, department.Id);
            failure = ErrorReasons.Internal;
        }

        var first = stream.Gaps[0].First;
        if (failure is null && streams.Find(department.Id) is { } after && after.Epoch == stream.Epoch && after.Watermark < first)
            failure = ErrorReasons.ProviderFailed;
        if (failure is null)
        {
            state.Succeeded(clock.GetUtcNow());
            Log.Refilled(log, department.Id, first);
        }
        else
        {
            var wait = state.Failed(failure, clock.GetUtcNow());
            Log.NotRefilled(log, department.Id, first, failure, wait);
        }
    }

    /// <returns>null when the adapter gave what it was asked for; it is another question whether that closed the gap.</returns>
    private async Task<ErrorReason?> ReadMissingAsync(DepartmentModel department, StreamSnapshot stream, CancellationToken stoppingToken)
    {
        if (channels.For(department) is not { } channel)
            return ErrorReasons.ProviderUnreachable;

        using var silence = new CancellationTokenSource(options.Value.RefillSilenceMax, clock);
        using var cut = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, silence.Token);
        var client = new Wire.AdapterService.AdapterServiceClient(channel);
        var missed = stream.Gaps.Where(gap => gap.SeenAt <= clock.GetUtcNow() - options.Value.GapTolerance);
        var batches = MissingBatchesAsync(client, stream.Epoch, missed, silence, cut.Token);
        ErrorReason? refused = null;
        try
        {
            await foreach (var outcome in ingest.ApplyAllAsync(batches, department.Id, options.Value.StreamBatchesMax, cut.Token))
            {
                if (outcome.Result is BatchResult.Unavailable or BatchResult.Quarantined)
                    return outcome.Error!.Reason;
                refused ??= outcome.Error?.Reason;
            }

            return refused;
        }
        catch (Exception exception) when (ReasonOf(exception, silence.Token, stoppingToken) is { } reason)
        {
            return reason;
        }
    }

    private async IAsyncEnumerable<Wire.PublishRequest> MissingBatchesAsync(
        Wire.AdapterService.AdapterServiceClient client,
        UInt128 epoch,
        IEnumerable<SequenceGap> missed,
        CancellationTokenSource silence,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var left = BatchesPerTurnMax;
        foreach (var gap in missed)
        {
            var request = new Wire.ReadChangesRequest { StreamEpoch = EpochBytes.Of(epoch), FromSequence = gap.First, ToSequence = gap.Last };
            using var call = client.ReadChanges(request, cancellationToken: cancellationToken);
            while (await call.ResponseStream.MoveNext(cancellationToken))
            {
                silence.CancelAfter(options.Value.RefillSilenceMax);
                yield return new Wire.PublishRequest { Batch = call.ResponseStream.Current.Batch };
                if (--left == 0)
                    yield break;
            }
        }
    }

    private static ErrorReason? ReasonOf(Exception exception, CancellationToken silence, CancellationToken stopping) => exception switch
    {
        OperationCanceledException or RpcException when silence.IsCancellationRequested => ErrorReasons.ProviderTooSlow,
        // So ends a call whose server did not prove to be the department, though nobody has cancelled it.
        OperationCanceledException when !stopping.IsCancellationRequested => ErrorReasons.ProviderUnreachable,
        // Only what the error table knows: an adapter's own words are not repeated.
        RpcException rpc when rpc.GetRpcStatus()?.GetDetail<Google.Rpc.ErrorInfo>() is { } info
            && ErrorReasons.All.FirstOrDefault(reason => reason.Name == info.Reason) is { } named => named,
        RpcException { StatusCode: StatusCode.Unavailable } => ErrorReasons.ProviderUnreachable,
        RpcException => ErrorReasons.ProviderFailed,
        _ => null,
    };

    private static partial class Log
    {
        [LoggerMessage(2210, LogLevel.Information, "Gap of {Department} from {FirstSequence} refilled", EventName = "GapRefilled")]
        public static partial void Refilled(ILogger logger, DepartmentId department, ulong firstSequence);

        [LoggerMessage(2211, LogLevel.Warning, "Gap of {Department} from {FirstSequence} not refilled: {Reason}; next attempt in {Wait}",
            EventName = "GapNotRefilled")]
        public static partial void NotRefilled(ILogger logger, DepartmentId department, ulong firstSequence, ErrorReason reason, TimeSpan wait);

        [LoggerMessage(2212, LogLevel.Error, "Refill of {Department} broke", EventName = "RefillBroke")]
        public static partial void RefillBroke(ILogger logger, Exception exception, DepartmentId department);
    }
}
