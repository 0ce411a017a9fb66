using DataExchange.Broker.Catalogue.Storage;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Catalogue;

/// <summary>
/// Keeps <see cref="CatalogueState"/> at what the database holds: reads the version again and again, and everything when it has moved.
/// Whatever fails, the last whole catalogue stays in force and is tried again at the next poll.
/// </summary>
internal sealed partial class CatalogueWatcher(
    CatalogueStore store, CatalogueState state, IOptions<CatalogueOptions> options, TimeProvider time, ILogger<CatalogueWatcher> logger) : BackgroundService
{
    /// <summary>A database that hangs must not hang the watcher.</summary>
    private static readonly TimeSpan PollTimeout = TimeSpan.FromSeconds(5);

    /// <summary>For all of the catalogue, which may be large.</summary>
    private static readonly TimeSpan ReadTimeout = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _oneAtATime = new(1, 1);
    private bool _prepared;
    private long _confirmedAt;
    private volatile bool _failing;

    /// <summary>How long ago the catalogue in force was known to be the database's own; null before that was ever so.</summary>
    public TimeSpan? Age => Volatile.Read(ref _confirmedAt) is var moment and not 0 ? time.GetElapsedTime(moment) : null;

    /// <summary>Whether the last poll failed.</summary>
    public bool IsFailing => _failing;

    /// <summary>Before the first poll has ended; the hub does not listen yet.</summary>
    public bool IsStarting => Age is null && !_failing;

    /// <summary>Reads the catalogue before the hub listens; a database that cannot be reached then does not stop the start.</summary>
    public override async Task StartAsync(CancellationToken cancellationToken)
    {
        await RefreshAsync(cancellationToken);
        await base.StartAsync(cancellationToken);
    }

    /// <summary>Looks at once, without waiting for the next poll. Never fails: see <see cref="IsFailing"/>.</summary>
    public async Task RefreshAsync(CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            await PollAsync(cancellationToken);
            if (_failing)
                Log.ReadAgain(logger, state.Current!.Version);
            _failing = false;
            Volatile.Write(ref _confirmedAt, time.GetTimestamp());
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // Also what is no database failure, such as a row edited by hand: nothing may end the watching.
            if (!_failing)
                Log.CannotRead(logger, state.Current?.Version ?? 0, Describe(failure));
            _failing = true;
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    public override void Dispose()
    {
        _oneAtATime.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var timer = new PeriodicTimer(options.Value.PollInterval, time);
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await RefreshAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping, also by disposal alone, is no fault of this service.
        }
    }

    private async Task PollAsync(CancellationToken cancellationToken)
    {
        if (!_prepared)
        {
            await store.PrepareAsync(cancellationToken);
            _prepared = true;
        }

        using var timeout = new CancellationTokenSource(PollTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        if (await store.ReadVersionAsync(either.Token) == state.Current?.Version)
            return;

        timeout.CancelAfter(ReadTimeout);
        var (version, file) = await store.ReadAsync(either.Token);
        state.Replace(CatalogueSnapshot.Of(version, file));
        Log.InForce(logger, version, file.Departments.Count, file.Attributes.Count, file.Grants.Count);
    }

    private static string Describe(Exception failure) => failure switch
    {
        CatalogueUnavailableException => failure.Message,
        OperationCanceledException => $"The catalogue's database has not answered for {PollTimeout.TotalSeconds} s.",
        _ => failure.GetType().Name,
    };

    private static partial class Log
    {
        [LoggerMessage(2000, LogLevel.Information, "Catalogue version {Version} is in force: {Departments} departments, {Attributes} attributes, {Grants} grants",
            EventName = "CatalogueInForce")]
        public static partial void InForce(ILogger logger, long version, int departments, int attributes, int grants);

        [LoggerMessage(2001, LogLevel.Warning, "The catalogue cannot be read, version {Version} stays in force (0 for none): {Failure}", EventName = "CatalogueCannotRead")]
        public static partial void CannotRead(ILogger logger, long version, string failure);

        [LoggerMessage(2002, LogLevel.Information, "The catalogue can be read again, version {Version} is in force", EventName = "CatalogueReadAgain")]
        public static partial void ReadAgain(ILogger logger, long version);
    }
}
