using System.Diagnostics;

namespace DataExchange.Cli.Bench;

/// <summary>
/// How a RabbitMQ node of one's own is run on loopback: own folder, ports, name, cookie and port mapper, so that others beside it are
/// not touched. Writes its configuration and starts nothing; started again with the same folder it keeps its data.
/// </summary>
internal sealed class RabbitMqNode
{
    private const string User = "rabbitmq";

    private readonly string _folder;
    private readonly string _scripts;
    private readonly int _mapperPort;
    private readonly Dictionary<string, string> _environment;

    /// <param name="folder">Made if absent.</param>
    /// <param name="distributionPort">Where <c>rabbitmqctl</c> and other nodes reach it.</param>
    /// <exception cref="BenchUnavailableException">Not installed.</exception>
    public RabbitMqNode(string folder, int port, int distributionPort, int mapperPort)
    {
        // The scripts on PATH re-enter su and lose the environment; these are the ones behind them.
        var server = ServiceAccount.Find("/usr/lib/rabbitmq/lib", "rabbitmq_server-*", "sbin/rabbitmq-server", "rabbitmq-server", "--rabbitmq");
        (_folder, _scripts, _mapperPort, Port) = (folder, Path.GetDirectoryName(server)!, mapperPort, port);
        Directory.CreateDirectory(folder);
        _environment = new Dictionary<string, string>
        {
            ["HOME"] = folder,
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["ERL_EPMD_PORT"] = $"{mapperPort}",
            ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq"),
            ["RABBITMQ_DIST_PORT"] = $"{distributionPort}",
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "plugins"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
            ["RABBITMQ_LOGS"] = "-",
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "mnesia"),
            ["RABBITMQ_NODENAME"] = $"dx-{port}@localhost",
            ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
        };
        File.WriteAllText(Path.Combine(folder, "rabbitmq.conf"), $"listeners.tcp.default = 127.0.0.1:{port}\ndisk_free_limit.absolute = 50MB\n");
        File.WriteAllText(Path.Combine(folder, "plugins"), "[].\n");
        Own();
    }

    public int Port { get; }

    /// <summary>Hands the folder over to the account that the node runs as; again after files were put into it.</summary>
    public void Own() => ServiceAccount.Own(User, _folder);

    /// <summary>To be started first and in the foreground: the one that the node would start by itself outlives it.</summary>
    public ProcessStartInfo PortMapper => Start("epmd", "-address", "127.0.0.1", "-port", $"{_mapperPort}");

    public ProcessStartInfo Server => Start(Path.Combine(_scripts, "rabbitmq-server"));

    /// <summary><c>rabbitmqctl</c> for this node.</summary>
    public ProcessStartInfo Control(params string[] arguments) =>
        Start(Path.Combine(_scripts, "rabbitmqctl"), ["-n", _environment["RABBITMQ_NODENAME"], "-q", .. arguments]);

    /// <summary>With the server's public default account, which is let in from loopback only.</summary>
    public Uri Address(string? virtualHost = null) => new($"amqp://guest:guest@127.0.0.1:{Port}/{virtualHost ?? "%2f"}");

    private ProcessStartInfo Start(string program, params string[] arguments) => ServiceAccount.Start(User, _folder, _environment, program, arguments);
}
