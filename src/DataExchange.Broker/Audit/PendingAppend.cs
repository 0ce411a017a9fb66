using DataExchange.Contracts;

namespace DataExchange.Broker.Audit;

/// <summary>What one caller waits for: frames that still lack index and checksum, and their leaf hashes. Made on the caller's thread.</summary>
internal sealed class PendingAppend
{
    private readonly TaskCompletionSource<ExchangeError?> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly byte[] _frames;
    private readonly byte[][] _leafHashes;
    private string _logId = "";
    private ulong _firstIndex;

    public PendingAppend(ReadOnlySpan<ReadOnlyMemory<byte>> entries)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(entries.Length, WireLimits.LookupsPerMessageMax, nameof(entries));
        var bytes = 0;
        foreach (var entry in entries)
            bytes += FrameBytes(entry);

        _frames = new byte[bytes];
        _leafHashes = new byte[entries.Length][];
        var rest = _frames.AsSpan();
        for (var at = 0; at < entries.Length; at++)
        {
            var frame = rest[..FrameBytes(entries[at])];
            entries[at].Span.CopyTo(frame[AuditFormat.FrameOverheadBytes..]);
            _leafHashes[at] = AuditFormat.PrepareFrame(frame);
            rest = rest[frame.Length..];
        }
    }

    public int Count => _leafHashes.Length;

    public int Bytes => _frames.Length;

    /// <summary>Ends when the entries are durable, or with the reason why they never will be.</summary>
    public Task<ExchangeError?> Done => _done.Task;

    /// <summary>Copies the frames, now with their places in the log.</summary>
    public void WriteTo(Span<byte> target, string logId, uint checksumSeed, ulong firstIndex)
    {
        (_logId, _firstIndex) = (logId, firstIndex);
        _frames.CopyTo(target);
        for (var at = 0; at < Count; at++)
        {
            var frame = target[..AuditFormat.FrameLength(target)];
            AuditFormat.SealFrame(checksumSeed, firstIndex + (ulong)at, frame);
            target = target[frame.Length..];
        }
    }

    public void Complete(ExchangeError? error) => _done.SetResult(error);

    public AuditPosition PositionOf(int at) => new(_logId, _firstIndex + (ulong)at, _leafHashes[at]);

    private static int FrameBytes(ReadOnlyMemory<byte> entry)
    {
        ArgumentOutOfRangeException.ThrowIfZero(entry.Length, nameof(entry));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(entry.Length, AuditFormat.EntryBytesMax, nameof(entry));
        return AuditFormat.FrameOverheadBytes + entry.Length;
    }
}
