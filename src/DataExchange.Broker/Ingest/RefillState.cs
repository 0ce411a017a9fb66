using System.Security.Cryptography;
using DataExchange.Contracts;

namespace DataExchange.Broker.Ingest;

/// <summary>
/// When one department's gap is asked for again. Written by the refill in hand, read by the loop that starts the next one only after
/// that; <see cref="Failure"/> may be read at any time.
/// </summary>
internal sealed class RefillState(IngestOptions options)
{
    private TimeSpan _delay = options.RefillDelayMin;
    private long _catalogueVersion = -1;
    private volatile ErrorReason? _failure;

    public Task Running { get; private set; } = Task.CompletedTask;

    public DateTimeOffset NotBefore { get; private set; }

    public ErrorReason? Failure => _failure;

    /// <summary>A new version of the catalogue may have mended what was wrong, so that nothing is waited for.</summary>
    public bool IsDue(DateTimeOffset now, long catalogueVersion) => Running.IsCompleted && (now >= NotBefore || catalogueVersion != _catalogueVersion);

    public void Start(long catalogueVersion, Func<Task> refill)
    {
        _catalogueVersion = catalogueVersion;
        Running = Task.Run(refill);
    }

    public void Succeeded(DateTimeOffset now)
    {
        _failure = null;
        _delay = options.RefillDelayMin;
        NotBefore = now;
    }

    /// <returns>How long the next attempt waits: twice as long each time up to the limit, give or take a fifth, so that departments do not fall into step.</returns>
    public TimeSpan Failed(ErrorReason failure, DateTimeOffset now)
    {
        _failure = failure;
        var wait = _delay * (RandomNumberGenerator.GetInt32(800, 1_201) / 1_000.0);
        _delay = TimeSpan.FromTicks(Math.Min(_delay.Ticks * 2, options.RefillDelayMax.Ticks));
        NotBefore = now + wait;
        return wait;
    }
}
