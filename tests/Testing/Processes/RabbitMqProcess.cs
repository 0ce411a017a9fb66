using System.Globalization;

namespace DataExchange.Testing;

/// <summary>
/// A RabbitMQ node of its own on loopback: own folder, ports, node name, cookie and port mapper, so that several can run side by side.
/// Stopped, killed and started again it keeps its data.
/// </summary>
public sealed class RabbitMqProcess : IAsyncDisposable
{
    // The scripts on PATH re-enter su and lose the environment; these are the ones behind them.
    private const string Binaries = "/usr/lib/rabbitmq/bin";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);
    private static readonly ServiceAccount Account = new("rabbitmq");

    private readonly TempFolder _folder = new();
    private readonly ServerProcess _portMapper;
    private readonly Dictionary<string, string> _environment;
    private ServerProcess? _server;

    private RabbitMqProcess(Func<RabbitMqProcess, string> configuration)
    {
        Port = FreePort.Next();
        var mapperPort = FreePort.Next().ToString(CultureInfo.InvariantCulture);
        _environment = new Dictionary<string, string>
        {
            ["HOME"] = _folder.Path,
            ["ERL_EPMD_PORT"] = mapperPort,
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["RABBITMQ_NODENAME"] = $"dx-{Port}@localhost",
            ["RABBITMQ_DIST_PORT"] = FreePort.Next().ToString(CultureInfo.InvariantCulture),
            ["RABBITMQ_MNESIA_BASE"] = _folder["data"],
            ["RABBITMQ_LOG_BASE"] = _folder["log"],
            ["RABBITMQ_LOGS"] = "-",
            ["RABBITMQ_CONFIG_FILE"] = _folder["rabbitmq.conf"],
            ["RABBITMQ_CONF_ENV_FILE"] = _folder["rabbitmq-env.conf"],
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = _folder["enabled_plugins"],
        };
        File.WriteAllText(_folder["rabbitmq.conf"], configuration(this));
        // Started here, in the foreground, so that it is ended by its own process id; a node's own would outlive the node.
        _portMapper = ServerProcess.Start("epmd", ["-port", mapperPort, "-address", "127.0.0.1"], _environment);
    }

    public int Port { get; }

    /// <summary>Its own: handed over to the account it runs as once its configuration is made.</summary>
    public string Folder => _folder.Path;

    public string Output => _server?.Output ?? "";

    /// <summary>The address, with credentials, of a virtual host; of the default one if not named.</summary>
    public Uri Address(string? virtualHost = null) => new($"amqp://guest:guest@127.0.0.1:{Port}/{virtualHost ?? "%2f"}");

    /// <exception cref="InvalidOperationException">RabbitMQ is not installed, or did not start.</exception>
    public static Task<RabbitMqProcess> StartNewAsync() => StartNewAsync(server => $"""
        listeners.tcp.1 = 127.0.0.1:{server.Port}
        disk_free_limit.absolute = 50MB
        """);

    /// <param name="configuration">Makes <c>rabbitmq.conf</c>, which must listen on the server's port, and files it names.</param>
    /// <exception cref="InvalidOperationException">RabbitMQ is not installed, or did not start.</exception>
    public static async Task<RabbitMqProcess> StartNewAsync(Func<RabbitMqProcess, string> configuration)
    {
        if (!File.Exists($"{Binaries}/rabbitmq-server"))
            throw new InvalidOperationException("rabbitmq-server is not installed; tests/run.sh installs it on Debian and Ubuntu.");
        var server = new RabbitMqProcess(configuration);
        await Account.OwnAsync(server._folder.Path);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it with the data it has, and returns when it accepts connections.</summary>
    public async Task StartAsync()
    {
        _server = Account.Start($"{Binaries}/rabbitmq-server", [], _environment, _folder.Path);
        await _server.WaitUntilAsync("a listening port", async () => await FreePort.IsOpenAsync(Port) ? "open" : null, StartTimeout);
    }

    public async Task StopAsync()
    {
        await _server!.StopAsync();
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

    /// <summary>Runs <c>rabbitmqctl</c>, for instance <c>list_queues</c> or <c>stop_app</c>, and gives its output. About 2 s.</summary>
    public Task<string> ControlAsync(params string[] arguments) =>
        Account.RunAsync($"{Binaries}/rabbitmqctl", ["-n", _environment["RABBITMQ_NODENAME"], "-q", .. arguments], _environment, _folder.Path);

    /// <summary>An empty virtual host, so that tests sharing the server do not meet.</summary>
    public async Task<Uri> CreateVirtualHostAsync(string name)
    {
        await ControlAsync("add_vhost", name);
        await ControlAsync("set_permissions", "-p", name, "guest", ".*", ".*", ".*");
        return Address(name);
    }

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await _server.DisposeAsync();
        await _portMapper.DisposeAsync();
        _folder.Dispose();
    }
}
