using DataExchange.Cli.Bench;

namespace DataExchange.Testing;

/// <summary>A <see cref="RabbitMqNode"/> of its own. Stopped, killed and started again it keeps its data.</summary>
public sealed class RabbitMqProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(90);

    private readonly TempFolder _folder = new();
    private readonly RabbitMqNode _node;
    private readonly ServerProcess _portMapper;
    private ServerProcess? _server;

    private RabbitMqProcess(Func<RabbitMqProcess, string>? configuration)
    {
        _node = new RabbitMqNode(_folder.Path, FreePort.Next(), FreePort.Next(), FreePort.Next());
        _portMapper = ServerProcess.Start(_node.PortMapper);
        if (configuration is not null)
        {
            File.WriteAllText(_folder["rabbitmq.conf"], configuration(this));
            _node.Own();
        }
    }

    public int Port => _node.Port;

    /// <summary>Its own: handed over to the account it runs as once its configuration is made.</summary>
    public string Folder => _folder.Path;

    public string Output => _server?.Output ?? "";

    /// <summary>The address, with credentials, of a virtual host; of the default one if not named.</summary>
    public Uri Address(string? virtualHost = null) => _node.Address(virtualHost);

    /// <param name="configuration">Makes <c>rabbitmq.conf</c>, which must listen on the server's port, and files it names; null for the node's own.</param>
    /// <exception cref="InvalidOperationException">It did not start.</exception>
    public static async Task<RabbitMqProcess> StartNewAsync(Func<RabbitMqProcess, string>? configuration = null)
    {
        var server = new RabbitMqProcess(configuration);
        await server.StartAsync();
        return server;
    }

    /// <summary>Starts it with the data it has, and returns when it accepts connections.</summary>
    public async Task StartAsync()
    {
        _server = ServerProcess.Start(_node.Server);
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
    public Task<string> ControlAsync(params string[] arguments) => ServerProcess.RunAsync(_node.Control(arguments));

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
