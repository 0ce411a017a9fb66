using DataExchange.Transparency;

namespace DataExchange.Broker.Publication;

/// <summary>The hub's logs as others see them, those that are kept: oldest first, the last one open. Thread safe.</summary>
internal sealed class PublishedLogs : IDisposable
{
    private readonly PublicationOptions _options;
    private readonly Lock _changes = new();
    private volatile PublishedLog[] _all;

    /// <param name="logIds">Oldest first.</param>
    public PublishedLogs(PublicationOptions options, IReadOnlyList<string> logIds)
    {
        _options = options;
        _all = [.. logIds.Select(logId => new PublishedLog(options, logId, isFirst: logIds.Count == 1))];
    }

    public IReadOnlyList<PublishedLog> All => _all;

    public PublishedLog Newest => _all[^1];

    /// <param name="logId">Empty for the one that is open.</param>
    public PublishedLog? Find(string logId) => logId.Length == 0 ? Newest : Array.Find(_all, log => log.LogId == logId);

    /// <summary>Whether checkpoints have been published of a log that follows all of these.</summary>
    public bool IsFollowed() =>
        File.Exists(Path.Combine(_options.Folder, Path.GetFileName(LogOrigin.After(Newest.Signer.Key.Name))!, LogVerification.CheckpointFile));

    /// <summary>All that there were are closed.</summary>
    public void Begin(string logId)
    {
        lock (_changes)
            _all = [.. _all, new PublishedLog(_options, logId, isFirst: false)];
    }

    /// <summary>It is served and listed no more.</summary>
    public void Drop(PublishedLog closed)
    {
        lock (_changes)
            _all = [.. _all.Where(log => log != closed)];
    }

    public void Dispose()
    {
        foreach (var log in _all)
            log.Dispose();
    }
}
