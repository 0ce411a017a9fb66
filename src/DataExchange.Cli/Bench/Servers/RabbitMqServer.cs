namespace DataExchange.Cli.Bench;

/// <summary>A <see cref="RabbitMqNode"/> of this run's own.</summary>
internal sealed class RabbitMqServer : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private readonly BenchProcess _epmd;
    private readonly BenchProcess _node;

    private RabbitMqServer(BenchProcess epmd, BenchProcess node, Uri address) => (_epmd, _node, Address) = (epmd, node, address);

    public Uri Address { get; }

    /// <exception cref="BenchUnavailableException">Not installed, or it does not start.</exception>
    public static async Task<RabbitMqServer> StartAsync(string folder, CancellationToken cancellationToken)
    {
        var port = FreePorts.Row(3);
        var mapperPort = port + 2;
        var node = new RabbitMqNode(folder, port, port + 1, mapperPort);
        var epmd = BenchProcess.Start(node.PortMapper, Path.Combine(folder, "epmd.log"));
        await epmd.UntilListeningAsync(mapperPort, StartLimit, cancellationToken);

        var process = BenchProcess.Start(node.Server, Path.Combine(folder, "server.log"));
        var server = new RabbitMqServer(epmd, process, node.Address());
        try
        {
            await process.UntilListeningAsync(port, StartLimit, cancellationToken);
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
