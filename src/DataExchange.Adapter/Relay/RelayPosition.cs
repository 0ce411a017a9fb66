namespace DataExchange.Adapter;

/// <summary>
/// Where the relay stands, for as long as one connection lasts: the loop that publishes and the one that asks the hub meet here.
/// Both figures only grow. Thread safe.
/// </summary>
/// <param name="moved">Set when the watermark is heard.</param>
internal sealed class RelayPosition(ulong confirmed, ulong watermark, Pulse moved)
{
    private readonly Lock _lock = new();
    private ulong _confirmed = confirmed;
    private ulong _watermark = watermark;

    /// <summary>Up to here everything was confirmed.</summary>
    public ulong Confirmed => Volatile.Read(ref _confirmed);

    /// <summary>Up to here the hub has applied everything, as last heard.</summary>
    public ulong Watermark => Volatile.Read(ref _watermark);

    /// <summary>The connection has carried something both ways.</summary>
    public bool HasConfirmed { get; private set; }

    public void Confirm(ulong sequence)
    {
        HasConfirmed = true;
        Raise(ref _confirmed, sequence);
    }

    public void Hear(ulong watermark)
    {
        Raise(ref _watermark, watermark);
        moved.Set();
    }

    private void Raise(ref ulong figure, ulong to)
    {
        lock (_lock)
            figure = Math.Max(figure, to);
    }
}
