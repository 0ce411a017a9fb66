using DataExchange.Broker.Audit;
using DataExchange.Contracts;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Publication;

/// <summary>
/// Follows the audit log and publishes it: tiles and bundles, then a checkpoint, signed and cosigned. What is published can be made again
/// from the entries at any time; a checkpoint that the entries do not bear out stops the hub, since entries have been lost or changed.
/// </summary>
internal sealed partial class LogPublisher(
    AuditLog log,
    PublishedLogs logs,
    LogRotation rotation,
    WitnessRound witnesses,
    IOptions<AuditOptions> audit,
    IOptions<PublicationOptions> options,
    TimeProvider clock,
    ILogger<LogPublisher> logger) : BackgroundService
{
    private static readonly TimeSpan FollowInterval = TimeSpan.FromMilliseconds(20);

    private TileFolder _files = null!;
    private AuditTail _entries = null!;
    private bool _resumes;

    /// <summary>The log that is open, as it is published.</summary>
    private PublishedLog Published => logs.Newest;

    /// <summary>Since when entries wait to be published in vain; null while all is well.</summary>
    public DateTimeOffset? FailingSince { get; private set; }

    /// <exception cref="AuditDamageException">The published checkpoint vouches for entries that are not there.</exception>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        RequireChain();
        var claimed = Published.Current?.Checkpoint;
        if (claimed is not null && claimed.Size > log.Count)
            throw new AuditDamageException(LogVerification.CheckpointFile, 0, log.Count, $"the published checkpoint vouches for {claimed.Size} entries, the log holds {log.Count}");
        // A damaged tile must not pass for a damaged log: whatever is wrong with the files, they are made anew from the entries once.
        if (!TryResume(claimed?.Size ?? 0) || !BearsOut(claimed))
        {
            Resume(0);
            if (!BearsOut(claimed))
                throw new AuditDamageException(LogVerification.CheckpointFile, 0, claimed!.Size, "the log's entries are not those that the published checkpoint vouches for");
        }

        // Not only once the witnesses have been asked: nothing is answered before.
        Withhold();
        Log.Publishing(logger, Published.Signer.Key.ToString(), claimed?.Size ?? 0);
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        _entries?.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Entries are followed in small slices and not all at each checkpoint, so that no lookup waits for many.
        using var timer = new PeriodicTimer(FollowInterval, clock);
        long? checkpointAt = null;
        do
        {
            if (checkpointAt is { } last && clock.GetElapsedTime(last) < options.Value.CheckpointInterval)
            {
                if (FailingSince is null)
                    await TryAsync(FollowAsync, stoppingToken);
                continue;
            }

            checkpointAt = clock.GetTimestamp();
            await TryAsync(PublishAsync, stoppingToken);
        }
        while (await NextAsync(timer, stoppingToken));

        // What was answered before the stop is published with it.
        await TryAsync(PublishAsync, CancellationToken.None);
        if (!_resumes)
            _files.Sync();
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken stoppingToken)
    {
        try
        {
            return await timer.WaitForNextTickAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task TryAsync(Func<CancellationToken, Task> step, CancellationToken cancellationToken)
    {
        try
        {
            // Closed: the next one begins.
            if (Published.LogId != log.LogId)
                Begin(log.LogId);
            if (_resumes)
                Resume(Published.Current?.Checkpoint.Size ?? 0);
            await step(cancellationToken);
        }
        // The signing key's file is read again for the next log, and may be missing.
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException or InvalidOperationException or AuditDamageException)
        {
            if (FailingSince is null)
                Log.Failed(logger, fault);
            FailingSince ??= clock.GetUtcNow();
            // What has been written of a tile is not known now: begins again at the mark.
            _resumes = true;
        }
        finally
        {
            Withhold();
        }
    }

    private Task FollowAsync(CancellationToken cancellationToken)
    {
        Follow(log.Count);
        return Task.CompletedTask;
    }

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        var durable = log.Count;
        if (Published.Current is not { } last || last.Checkpoint.Size < durable)
            await PublishAsync(durable, cancellationToken);
        else if (witnesses.IsBehind(last.Note))
            Publish(await witnesses.CosignAsync(last.Note, last.Checkpoint, last.Tree, cancellationToken));
        else
            _files.Sync();
        FailingSince = null;
        if (await RotateAsync(cancellationToken))
            await TryAsync(PublishAsync, cancellationToken);
    }

    private void Withhold() => log.Withheld = GraceIsOver() ? ExchangeError.Of(ErrorReasons.AuditUnavailable) : null;

    /// <summary>What is not published cannot be cosigned either.</summary>
    private bool GraceIsOver() => witnesses.GraceIsOver() || (witnesses.Any && FailingSince + options.Value.WitnessGrace < clock.GetUtcNow());

    private async Task PublishAsync(ulong size, CancellationToken cancellationToken)
    {
        Follow(size);
        _files.Finish();
        var checkpoint = new Checkpoint(Published.Signer.Key.Name, size, _files.Root());
        var note = new SignedNote(checkpoint.Text, [Published.Signer.Sign(checkpoint.Text, clock.GetUtcNow())]);
        Publish(await witnesses.CosignAsync(note, checkpoint, Published.TreeOf(size), cancellationToken));
    }

    private async Task<bool> RotateAsync(CancellationToken cancellationToken)
    {
        // Asked before appends have to wait: a witness that is away would make them wait for it.
        if (!rotation.IsDue() || !witnesses.HaveCosigned(Published.Current!.Note) || !await log.RotateAsync(size => CloseAsync(size, cancellationToken)))
            return false;
        Log.Closed(logger, Published.Signer.Key.Name, Published.Current.Checkpoint.Size);
        return true;
    }

    /// <summary>The log's last checkpoint, durable with all that it needs; null while a witness has not cosigned it.</summary>
    private async Task<byte[]?> CloseAsync(ulong size, CancellationToken cancellationToken)
    {
        if (Published.Current!.Checkpoint.Size < size)
            await PublishAsync(size, cancellationToken);
        if (!witnesses.HaveCosigned(Published.Current.Note))
            return null;
        // After a fault they are behind the checkpoint.
        Follow(size);
        _files.Close();
        return rotation.FirstEntry(Published.Current.Checkpoint);
    }

    private void Begin(string logId)
    {
        logs.Begin(logId);
        witnesses.Begin();
        _resumes = true;
    }

    /// <exception cref="AuditDamageException">A log is missing, or is not what the next one goes on from.</exception>
    private void RequireChain()
    {
        if (logs.IsFollowed())
            throw new AuditDamageException(LogVerification.CheckpointFile, 0, 0, "another log after this one has been published, and its entries are missing");
        for (var at = 1; at < logs.All.Count; at++)
        {
            if (logs.All[at - 1] is { Current: not null } closed && !rotation.IsClosed(closed, logs.All[at]))
                throw new AuditDamageException(LogVerification.CheckpointFile, 0, 0, $"the log after {closed.LogId} goes on from another end of it");
        }
    }

    private void Publish(SignedNote note)
    {
        _files.Publish(note.ToBytes());
        Published.Show(note);
    }

    private void Follow(ulong size)
    {
        while (_files.Size < size)
            _files.Add(_entries.Read().Span);
    }

    private bool BearsOut(Checkpoint? claimed)
    {
        if (claimed is null)
            return true;
        Follow(claimed.Size);
        return _files.Root() == claimed.Root;
    }

    private bool TryResume(ulong ceiling)
    {
        try
        {
            Resume(ceiling);
            return true;
        }
        catch (Exception damaged) when (damaged is InvalidDataException or FileNotFoundException or DirectoryNotFoundException)
        {
            Log.TilesDamaged(logger, damaged);
            return false;
        }
    }

    /// <param name="ceiling">Of the published checkpoint: its root is reached by adding entries, never taken from files that are ahead of it.</param>
    private void Resume(ulong ceiling)
    {
        _entries?.Dispose();
        _files = TileFolder.Open(Published.Folder, ceiling);
        _entries = new AuditTail(LogFolders.Of(audit.Value.Folder, Published.LogId), _files.Size);
        _resumes = false;
    }

    private static partial class Log
    {
        [LoggerMessage(3000, LogLevel.Information, "Audit log is published under {VerifierKey}, {Entries} entries so far", EventName = "LogPublishing")]
        internal static partial void Publishing(ILogger logger, string verifierKey, ulong entries);

        [LoggerMessage(3003, LogLevel.Information, "Audit log {Origin} is closed with {Entries} entries; another goes on", EventName = "LogClosed")]
        internal static partial void Closed(ILogger logger, string origin, ulong entries);

        [LoggerMessage(3002, LogLevel.Warning, "A tile of the published log cannot be read; all are made anew from the entries", EventName = "LogTilesDamaged")]
        internal static partial void TilesDamaged(ILogger logger, Exception damaged);

        [LoggerMessage(3001, LogLevel.Error, "Audit log cannot be published; tried again until it can", EventName = "LogPublishingFailed")]
        internal static partial void Failed(ILogger logger, Exception fault);
    }
}
