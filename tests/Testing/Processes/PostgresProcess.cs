using DataExchange.Cli.Bench;

namespace DataExchange.Testing;

/// <summary>A <see cref="PostgresCluster"/> of its own. Stopped, killed and started again it keeps its data.</summary>
public sealed class PostgresProcess : IAsyncDisposable
{
    private const string Ready = "database system is ready to accept connections";
    private const int SignalInterrupt = 2;

    private readonly TempFolder _folder = new();
    private readonly PostgresCluster _cluster;
    private ServerProcess? _server;

    private readonly string[] _settings;

    private PostgresProcess(string[] settings) => (_settings, _cluster) = (settings, new PostgresCluster(_folder.Path, FreePort.Next()));

    public int Port => _cluster.Port;

    public string Output => _server?.Output ?? "";

    /// <summary>For Npgsql.</summary>
    public string ConnectionString(string database = "postgres") => _cluster.ConnectionString(database);

    /// <exception cref="InvalidOperationException">It did not start.</exception>
    /// <param name="settings">As <c>wal_level=logical</c>.</param>
    public static async Task<PostgresProcess> StartNewAsync(params string[] settings)
    {
        var server = new PostgresProcess(settings);
        await ServerProcess.RunAsync(server._cluster.Initialise);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it with the data it has, and returns when it accepts connections.</summary>
    public async Task StartAsync()
    {
        _server = ServerProcess.Start(_cluster.Server(_settings));
        await _server.WaitForLineAsync(Ready);
    }

    /// <summary>Ends connections and stops.</summary>
    public async Task StopAsync()
    {
        await _server!.StopAsync(SignalInterrupt);
        await _server.DisposeAsync();
    }

    public async Task KillAsync()
    {
        await _server!.KillAsync();
        await _server.DisposeAsync();
    }

    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    /// <summary>An empty database, and its connection string.</summary>
    public async Task<string> CreateDatabaseAsync(string name)
    {
        await ServerProcess.RunAsync(_cluster.CreateDatabase(name));
        return ConnectionString(name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Dispose();
    }
}
