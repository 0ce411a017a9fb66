using System.Diagnostics;
using System.Threading.Channels;
using DataExchange.Contracts;

namespace DataExchange.Broker.Audit;

/// <summary>
/// The append-only log of who asked what. One writer takes all that waits, writes it in one go, syncs once and completes every caller.
/// Thread safe. The first write or sync that fails is the last: from then on every append is refused with AUDIT_UNAVAILABLE and the
/// process has to be started anew, since what the disk holds after a failed sync cannot be known from here.
/// </summary>
internal sealed partial class AuditLog : IDisposable
{
    /// <summary>The writer begins no further append in a commit of this size.</summary>
    private const int CommitBytesGoal = 1 << 20;

    /// <summary>The most that one write can hold.</summary>
    public const int CommitBytesMax = CommitBytesGoal + (WireLimits.LookupsPerMessageMax * AuditFormat.FrameBytesMax);

    private readonly Channel<PendingAppend> _queue;
    private readonly AuditStore _store;
    private readonly ILogger<AuditLog> _logger;
    private readonly Thread _writer;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly List<PendingAppend> _commit = [];
    private byte[] _buffer = new byte[CommitBytesGoal];
    private volatile ExchangeError? _failure;
    private volatile Standing _standing;
    private uint _checksumSeed;

    private AuditLog(AuditStore store, AuditOptions options, ILogger<AuditLog> logger)
    {
        _store = store;
        _logger = logger;
        _checksumSeed = AuditFormat.ChecksumSeed(store.LogId);
        _standing = new Standing(Convert.ToHexStringLower(store.LogId), store.Count);
        _queue = Channel.CreateBounded<PendingAppend>(new BoundedChannelOptions(options.WaitingAppendsMax) { SingleReader = true });
        // A thread of its own: it spends its life in fsync, which would starve a small thread pool.
        _writer = new Thread(Write) { IsBackground = true, Name = "audit-writer" };
        _writer.Start();
    }

    /// <summary>Of the log that is open.</summary>
    public string LogId => _standing.LogId;

    /// <summary>Entries durable so far.</summary>
    public ulong Count => _standing.Count;

    /// <summary>Entries of that log that are durable so far; null if it is not the one that is open, any more.</summary>
    public ulong? CountOf(string logId) => _standing is var standing && standing.LogId == logId ? standing.Count : null;

    /// <summary>Why appends are refused; null while all is well. Lack of room ends as soon as there is room.</summary>
    public ExchangeError? Failure => ReferenceEquals(_failure, NoRoom) && _store.HasRoom() ? Withheld : _failure ?? Withheld;

    /// <summary>Set while the log must not grow, though it could: appends are refused with this.</summary>
    public ExchangeError? Withheld { get; set; }

    /// <exception cref="AuditDamageException">Acknowledged entries are damaged or missing.</exception>
    /// <exception cref="IOException">Another process writes this log, or the disk refuses.</exception>
    public static AuditLog Open(AuditOptions options, ILogger<AuditLog> logger)
    {
        var store = AuditStore.Open(options);
        if (store.TornBytes > 0)
            Log.TornTailCut(logger, store.TornBytes, store.Count);
        var log = new AuditLog(store, options, logger);
        Log.Opened(logger, log.LogId, log.Count);
        return log;
    }

    /// <summary>Completes when the entries are durable, or with AUDIT_UNAVAILABLE. MUST be awaited before anything is answered.</summary>
    /// <param name="entries">
    /// Serialized <see cref="Wire.AuditEntry"/>, 1 to 65,535 bytes each; up to 100, which get successive indexes and become durable together
    /// or not at all.
    /// </param>
    /// <param name="cancellationToken">Gives up waiting for room; entries that are taken are written all the same.</param>
    public async ValueTask<AuditOutcome> AppendAsync(ReadOnlyMemory<byte>[] entries, CancellationToken cancellationToken)
    {
        var append = new PendingAppend(entries);
        if (!_queue.Writer.TryWrite(append))
            await WaitForRoomAsync(append, cancellationToken);
        if (await append.Done is { } error)
            return new AuditOutcome([], error);
        var positions = new AuditPosition[append.Count];
        for (var at = 0; at < positions.Length; at++)
            positions[at] = append.PositionOf(at);
        return new AuditOutcome(positions, null);
    }

    /// <summary>Closes the log for ever and begins the next. Appends wait meanwhile; a crash leaves the one log open or the other.</summary>
    /// <param name="close">
    /// Is given the number of entries and does what has to be done at the log's end; gives the first entry of the next log, or null to go on
    /// with this one.
    /// </param>
    /// <returns>Whether there is a new log.</returns>
    public async Task<bool> RotateAsync(Func<ulong, Task<byte[]?>> close)
    {
        await _turn.WaitAsync();
        try
        {
            return Failure is null && await close(_store.Count) is { } firstEntry && Begin(firstEntry);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Writes what waits, then closes.</summary>
    public void Dispose()
    {
        _queue.Writer.TryComplete();
        _writer.Join();
        _store.Dispose();
        _turn.Dispose();
    }

    private async ValueTask WaitForRoomAsync(PendingAppend append, CancellationToken cancellationToken)
    {
        try
        {
            await _queue.Writer.WriteAsync(append, cancellationToken);
        }
        catch (ChannelClosedException)
        {
            append.Complete(Broken);
        }
    }

    private void Write()
    {
        while (_queue.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            _turn.Wait();
            var error = Commit(Gather());
            _turn.Release();
            foreach (var append in _commit)
                append.Complete(error);
            _commit.Clear();
        }
    }

    /// <summary>Takes all that waits, in order, and gives each entry its index.</summary>
    private (int Bytes, int Entries) Gather()
    {
        var (bytes, entries) = (0, 0);
        while (bytes < CommitBytesGoal && _queue.Reader.TryRead(out var append))
        {
            if (_buffer.Length < bytes + append.Bytes)
                Array.Resize(ref _buffer, Math.Max(bytes + append.Bytes, CommitBytesMax));
            append.WriteTo(_buffer.AsSpan(bytes), _standing.LogId, _checksumSeed, _store.Count + (ulong)entries);
            bytes += append.Bytes;
            entries += append.Count;
            _commit.Add(append);
        }

        return (bytes, entries);
    }

    private ExchangeError? Commit((int Bytes, int Entries) gathered)
    {
        if (_failure is { } failed && !ReferenceEquals(failed, NoRoom))
            return failed;
        if (Withheld is { } withheld)
            return withheld;
        try
        {
            if (!_store.HasRoom())
            {
                if (_failure is null)
                    Log.NoRoom(_logger);
                return _failure = NoRoom;
            }

            var started = Stopwatch.GetTimestamp();
            _store.Append(_buffer.AsSpan(0, gathered.Bytes), gathered.Entries);
            AuditMetrics.Record(gathered.Entries, Stopwatch.GetElapsedTime(started));
            _standing = new Standing(_standing.LogId, _store.Count);
            return _failure = null;
        }
        catch (Exception exception)
        {
            Log.Failed(_logger, exception);
            return _failure = Broken;
        }
    }

    private bool Begin(byte[] firstEntry)
    {
        try
        {
            _store.BeginNext(firstEntry);
        }
        catch (Exception exception)
        {
            Log.Failed(_logger, exception);
            _failure = Broken;
            return false;
        }

        _checksumSeed = AuditFormat.ChecksumSeed(_store.LogId);
        _standing = new Standing(Convert.ToHexStringLower(_store.LogId), _store.Count);
        Log.Opened(_logger, LogId, Count);
        return true;
    }

    private static readonly ExchangeError NoRoom = ExchangeError.Of(ErrorReasons.AuditUnavailable) with { RetryAfter = TimeSpan.FromSeconds(5) };

    private static readonly ExchangeError Broken = ExchangeError.Of(ErrorReasons.AuditUnavailable);

    /// <summary>Read as one: a number of entries is of one log.</summary>
    private sealed record Standing(string LogId, ulong Count);

    private static partial class Log
    {
        [LoggerMessage(2800, LogLevel.Information, "Audit log {LogId} open with {Entries} entries", EventName = "AuditOpened")]
        internal static partial void Opened(ILogger logger, string logId, ulong entries);

        [LoggerMessage(2801, LogLevel.Warning, "Audit log ended in {Bytes} bytes of a write that was never acknowledged; cut off after {Entries} entries", EventName = "AuditTornTailCut")]
        internal static partial void TornTailCut(ILogger logger, long bytes, ulong entries);

        [LoggerMessage(2802, LogLevel.Error, "Audit log has less free space than Audit:FreeBytesMin; nothing is answered until there is room", EventName = "AuditNoRoom")]
        internal static partial void NoRoom(ILogger logger);

        [LoggerMessage(2803, LogLevel.Critical, "Audit log cannot be written; nothing is answered until the process is started anew", EventName = "AuditFailed")]
        internal static partial void Failed(ILogger logger, Exception exception);
    }
}
