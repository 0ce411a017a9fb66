using DataExchange.Cli.Bench;

namespace DataExchange.Testing;

/// <summary>A MariaDB of its own on loopback.</summary>
public sealed class MariaDbProcess : IAsyncDisposable
{
    private const string User = "mysql";
    private const string Ready = "ready for connections";

    private readonly TempFolder _folder = new();
    private readonly int _port = FreePort.Next();
    private ServerProcess? _server;

    private MariaDbProcess()
    {
    }

    /// <summary>For MySqlConnector; without a database.</summary>
    public string ConnectionString => $"Server=127.0.0.1;Port={_port};User ID=root";

    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public static async Task<MariaDbProcess> StartNewAsync()
    {
        var server = new MariaDbProcess();
        Directory.CreateDirectory(server.Data);
        ServiceAccount.Own(User, server._folder.Path);
        await ServerProcess.RunAsync(server.Start(
            "/usr/bin/mariadb-install-db", "--no-defaults", $"--datadir={server.Data}", "--auth-root-authentication-method=normal", "--skip-test-db"));
        server._server = ServerProcess.Start(server.Start(
            "/usr/sbin/mariadbd", "--no-defaults", $"--datadir={server.Data}", $"--port={server._port}", "--bind-address=127.0.0.1", $"--socket={server._folder["socket"]}",
            "--innodb-buffer-pool-size=32M"));
        await server._server.WaitForLineAsync(Ready);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        _folder.Dispose();
    }

    private string Data => _folder["data"];

    private System.Diagnostics.ProcessStartInfo Start(string program, params string[] arguments) =>
        ServiceAccount.Start(User, _folder.Path, new Dictionary<string, string> { ["HOME"] = _folder.Path }, program, arguments);
}
