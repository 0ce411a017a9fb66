namespace DataExchange.Cli.Bench;

/// <summary>A rabbitmq-server of this run's own on loopback: own node name, folder, ports and epmd, so that others beside it are not touched.</summary>
internal sealed class RabbitMqServer : IAsyncDisposable
{
    private const string User = "rabbitmq";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly BenchProcess _epmd;
    private readonly BenchProcess _node;

    private RabbitMqServer(BenchProcess epmd, BenchProcess node, Uri address) => (_epmd, _node, Address) = (epmd, node, address);

    /// <summary>With the server's public default account, which is let in from loopback only.</summary>
    public Uri Address { get; }

    /// <exception cref="BenchUnavailableException">Not installed, or it does not start.</exception>
    public static async Task<RabbitMqServer> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var program = ServiceAccount.Find("/usr/lib/rabbitmq/lib", "rabbitmq_server-*", "sbin/rabbitmq-server", "rabbitmq-server", "--rabbitmq");
        ServiceAccount.Folder(User, folder);
        var port = FreePorts.Row(3);
        var (distribution, mapper) = (port + 1, port + 2);
        await File.WriteAllTextAsync(Path.Combine(folder, "rabbitmq.conf"), $"listeners.tcp.default = 127.0.0.1:{port}\nlog.console = true\nlog.file = false\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(folder, "plugins"), "[].\n", cancellationToken);

        // Ours, in the foreground: the one that the node would start by itself outlives it.
        var epmd = BenchProcess.Start(
            ServiceAccount.Start(User, "epmd", "-address", "127.0.0.1", "-port", $"{mapper}"), Path.Combine(folder, "epmd.log"));
        await epmd.UntilListeningAsync(mapper, StartLimit, cancellationToken);

        var start = ServiceAccount.Start(User, program);
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["HOME"] = folder,
            ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
            ["ERL_EPMD_PORT"] = $"{mapper}",
            ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
            ["RABBITMQ_CONFIG_FILE"] = Path.Combine(folder, "rabbitmq"),
            ["RABBITMQ_DIST_PORT"] = $"{distribution}",
            ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(folder, "plugins"),
            ["RABBITMQ_LOG_BASE"] = Path.Combine(folder, "log"),
            ["RABBITMQ_MNESIA_BASE"] = Path.Combine(folder, "mnesia"),
            ["RABBITMQ_NODENAME"] = $"dx-bench-{port}@localhost",
            ["RABBITMQ_PID_FILE"] = Path.Combine(folder, "pid"),
        })
        {
            start.Environment[name] = value;
        }

        var node = BenchProcess.Start(start, Path.Combine(folder, "server.log"));
        var server = new RabbitMqServer(epmd, node, new Uri($"amqp://guest:guest@127.0.0.1:{port}/"));
        try
        {
            await node.UntilListeningAsync(port, StartLimit, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _epmd.DisposeAsync();
    }
}
