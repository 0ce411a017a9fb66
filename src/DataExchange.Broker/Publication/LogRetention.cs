using DataExchange.Broker.Audit;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Publication;

/// <summary>Deletes closed logs after <see cref="AuditOptions.Retention"/>, whole ones and oldest first: what they proved is named by the log that is left.</summary>
internal sealed partial class LogRetention(
    PublishedLogs logs, LogRotation rotation, IOptions<AuditOptions> audit, IOptions<PublicationOptions> publication, TimeProvider clock, ILogger<LogRetention> logger)
    : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    /// <summary>Deletes what is over. Not thread safe.</summary>
    public void Apply()
    {
        try
        {
            EndBegun();
            while (logs.All is [var oldest, var next, ..] && rotation.IsOver(oldest) && rotation.IsClosed(oldest, next))
            {
                Log.Deleting(logger, oldest.Signer.Key.Name, oldest.Current!.Checkpoint.Size);
                logs.Drop(oldest);
                LogFolders.BeginDelete(LogFolders.Of(audit.Value.Folder, oldest.LogId));
                EndBegun();
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or InvalidDataException or AuditDamageException)
        {
            Log.Failed(logger, fault);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not at once: erasures are carried out from the logs when the hub starts.
        using var timer = new PeriodicTimer(Interval, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            Apply();
    }

    /// <summary>Also what a crash has interrupted. The entries go last: as long as one is left it is known that the rest has to go.</summary>
    private void EndBegun()
    {
        foreach (var (folder, logId) in LogFolders.Deleted(audit.Value.Folder))
        {
            var published = Path.Combine(publication.Value.Folder, logId);
            if (Directory.Exists(published))
                Directory.Delete(published, recursive: true);
            LogFolders.EndDelete(audit.Value.Folder, folder);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3020, LogLevel.Warning, "Audit log {Origin} with {Entries} entries is deleted: its last entry is older than Audit:Retention", EventName = "LogDeleted")]
        internal static partial void Deleting(ILogger logger, string origin, ulong entries);

        [LoggerMessage(3021, LogLevel.Error, "A closed audit log is older than Audit:Retention and cannot be deleted; tried again in an hour", EventName = "LogNotDeleted")]
        internal static partial void Failed(ILogger logger, Exception fault);
    }
}
