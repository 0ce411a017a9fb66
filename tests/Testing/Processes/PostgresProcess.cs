using System.Globalization;

namespace DataExchange.Testing;

/// <summary>A PostgreSQL server of its own on loopback, in its own folder. Stopped, killed and started again it keeps its data.</summary>
public sealed class PostgresProcess : IAsyncDisposable
{
    private const string Ready = "database system is ready to accept connections";
    private const int SignalInterrupt = 2;
    private static readonly ServiceAccount Account = new("postgres");

    private readonly TempFolder _folder = new();
    private readonly string _binaries;
    private readonly string _password = Guid.NewGuid().ToString("N");
    private readonly Dictionary<string, string> _environment;
    private ServerProcess? _server;

    private PostgresProcess(string binaries)
    {
        _binaries = binaries;
        _environment = new Dictionary<string, string> { ["HOME"] = _folder.Path, ["PGPASSWORD"] = _password };
    }

    public int Port { get; } = FreePort.Next();

    public string Output => _server?.Output ?? "";

    /// <summary>For Npgsql.</summary>
    public string ConnectionString(string database = "postgres") =>
        $"Host=127.0.0.1;Port={Port};Username=postgres;Password={_password};Database={database}";

    /// <exception cref="InvalidOperationException">PostgreSQL is not installed, or did not start.</exception>
    public static async Task<PostgresProcess> StartNewAsync()
    {
        var server = new PostgresProcess(FindBinaries());
        await File.WriteAllTextAsync(server._folder["password"], server._password);
        await Account.OwnAsync(server._folder.Path);
        await server.RunAsync("initdb", "--pgdata", server._folder["data"], "--username", "postgres", "--pwfile", server._folder["password"],
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C");
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it with the data it has, and returns when it accepts connections.</summary>
    public async Task StartAsync()
    {
        _server = Account.Start(
            Path.Combine(_binaries, "postgres"),
            ["-D", _folder["data"], "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-c", "unix_socket_directories="],
            _environment,
            _folder.Path);
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
        await RunAsync("createdb", "-h", "127.0.0.1", "-p", Port.ToString(CultureInfo.InvariantCulture), "-U", "postgres", name);
        return ConnectionString(name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Dispose();
    }

    private Task<string> RunAsync(string program, params string[] arguments) =>
        Account.RunAsync(Path.Combine(_binaries, program), arguments, _environment, _folder.Path);

    private static string FindBinaries() =>
        (Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [])
            .Select(version => Path.Combine(version, "bin"))
            .Where(binaries => File.Exists(Path.Combine(binaries, "initdb")))
            .MaxBy(binaries => int.Parse(Path.GetFileName(Path.GetDirectoryName(binaries)!), CultureInfo.InvariantCulture))
        ?? throw new InvalidOperationException("PostgreSQL is not installed; tests/run.sh installs it on Debian and Ubuntu.");
}
