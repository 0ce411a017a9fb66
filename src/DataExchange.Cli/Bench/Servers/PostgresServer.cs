namespace DataExchange.Cli.Bench;

/// <summary>A PostgreSQL of this run's own on loopback, durable as installed, with room to write before it has to check-point.</summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    private const string User = "postgres";
    private const string Role = "dx";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly BenchProcess _server;

    private PostgresServer(BenchProcess server, string connection) => (_server, ConnectionString) = (server, connection);

    public string ConnectionString { get; }

    /// <exception cref="BenchUnavailableException">Not installed, or it does not start.</exception>
    public static async Task<PostgresServer> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var program = ServiceAccount.Find("/usr/lib/postgresql", "*", "bin/postgres", "postgresql", "--postgresql");
        ServiceAccount.Folder(User, folder);
        var data = Path.Combine(folder, "data");
        var initialise = ServiceAccount.Start(
            User, Path.Combine(Path.GetDirectoryName(program)!, "initdb"), "-D", data, "-U", Role, "-A", "trust", "-E", "UTF8", "--no-locale");
        await using (var initdb = BenchProcess.Start(initialise, Path.Combine(folder, "initdb.log")))
            await initdb.UntilEndedAsync(cancellationToken);

        var port = FreePorts.Row(1);
        var start = ServiceAccount.Start(
            User, program, "-D", data, "-p", $"{port}", "-k", "", "-c", "listen_addresses=127.0.0.1",
            "-c", "shared_buffers=1GB", "-c", "max_wal_size=8GB", "-c", "wal_buffers=64MB", "-c", "checkpoint_timeout=30min");
        var server = BenchProcess.Start(start, Path.Combine(folder, "server.log"));
        try
        {
            await server.UntilListeningAsync(port, StartLimit, cancellationToken);
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }

        return new PostgresServer(server, $"Host=127.0.0.1;Port={port};Database=postgres;Username={Role}");
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
