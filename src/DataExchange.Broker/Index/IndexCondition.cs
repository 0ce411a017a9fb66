namespace DataExchange.Broker.Index;

/// <summary>What went wrong for good since the process started; nothing of it heals by itself. Thread safe.</summary>
internal sealed class IndexCondition
{
    private volatile Exception? _writeFailure;
    private long _failedReads;

    /// <summary>Why the index takes no more writes; null while it does.</summary>
    public Exception? WriteFailure
    {
        get => _writeFailure;
        set => _writeFailure = value;
    }

    /// <summary>Lookups that met a damaged record or a store that failed.</summary>
    public long FailedReads => Interlocked.Read(ref _failedReads);

    public void CountFailedRead() => Interlocked.Increment(ref _failedReads);
}
