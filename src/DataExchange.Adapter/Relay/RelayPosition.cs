namespace DataExchange.Adapter;

/// <summary>
/// Where the relay stands, for as long as one connection lasts: the loop that publishes and the one that asks the hub meet here.
/// Both figures only grow. Thread safe.
/// </summary>
internal sealed class RelayPosition(ulong confirmed, ulong watermark)
{
    private readonly Lock _lock = new();
    private ulong _confirmed = confirmed;
    private ulong _watermark = watermark;

    /// <summary>Set when there may be something to publish.</summary>
    public Pulse Moved { get; } = new();

    /// <summary>Up to here everything was confirmed.</summary>
    public ulong Confirmed => Volatile.Read(ref _confirmed);

    /// <summary>Up to here the hub has applied everything, as last heard.</summary>
    public ulong Watermark => Volatile.Read(ref _watermark);

    public void Confirm(ulong sequence) => Raise(ref _confirmed, sequence);

    public void Hear(ulong watermark)
    {
        Raise(ref _watermark, watermark);
        Moved.Set();
    }

    private void Raise(ref ulong figure, ulong to)
    {
        lock (_lock)
            figure = Math.Max(figure, to);
    }
}
