namespace DataExchange.Cli.Bench;

/// <summary>A way for batches of changes to get from one process to another: ours, or one of its controls.</summary>
internal interface IIngestPath
{
    /// <summary>
    /// Runs the path at full load, measures one window of it once it is under way, and leaves nothing under way behind.
    /// </summary>
    Task<Measurement> MeasureAsync(TimeSpan window, CancellationToken cancellationToken);
}
