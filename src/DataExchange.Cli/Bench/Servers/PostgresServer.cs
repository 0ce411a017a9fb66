namespace DataExchange.Cli.Bench;

/// <summary>A <see cref="PostgresCluster"/> of this run's own, with room to write before it has to check-point.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly BenchProcess _server;

    private PostgresServer(BenchProcess server, string connection) => (_server, ConnectionString) = (server, connection);

    public string ConnectionString { get; }

    /// <exception cref="BenchUnavailableException">Not installed, or it does not start.</exception>
    public static async Task<PostgresServer> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var cluster = new PostgresCluster(folder, FreePorts.Row(1));
        await using (var initdb = BenchProcess.Start(cluster.Initialise, Path.Combine(folder, "initdb.log")))
            await initdb.UntilEndedAsync(cancellationToken);

        var start = cluster.Server("shared_buffers=1GB", "max_wal_size=8GB", "wal_buffers=64MB", "checkpoint_timeout=30min");
        var server = BenchProcess.Start(start, Path.Combine(folder, "server.log"));
        try
        {
            await server.UntilListeningAsync(cluster.Port, StartLimit, cancellationToken);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        return new PostgresServer(server, cluster.ConnectionString());
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
