using DataExchange.Adapter;
using DataExchange.Broker;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Cli.Hosts;
using DataExchange.Hosting;

namespace DataExchange.Cli.Exchange;

/// <summary>A department that runs in this process.</summary>
internal sealed record RunningDepartment(PlannedDepartment Plan, WebApplication Host, AdapterProgress Progress);

/// <summary>Hub and departments, running in this process, each on a port and with a key of its own.</summary>
internal sealed class LocalExchange : IAsyncDisposable
{
    private readonly WebApplication _hub;

    private LocalExchange(Workspace workspace, WebApplication hub, IReadOnlyList<RunningDepartment> departments) =>
        (Workspace, _hub, Departments) = (workspace, hub, departments);

    public Workspace Workspace { get; }

    public IReadOnlyList<RunningDepartment> Departments { get; }

    /// <summary>Changes that the departments have published since they were started here.</summary>
    public long Published => Departments.Sum(d => (long)d.Progress.Figures.Published);

    public static async Task<LocalExchange> StartAsync(Workspace workspace, ExchangePlan plan, CancellationToken cancellationToken)
    {
        await ApplyCatalogueAsync(workspace, cancellationToken);
        var hub = BrokerHost.Build(ConfiguredHost.Create(workspace.HubConfig));
        await hub.StartAsync(cancellationToken);
        var started = new List<RunningDepartment>();
        var exchange = new LocalExchange(workspace, hub, started);
        try
        {
            var shared = workspace.UsesRabbitMq ? null : hub.Services.GetRequiredService<ReliablePublisher>();
            foreach (var department in plan.Departments)
            {
                var host = DepartmentHost.Build(workspace.DepartmentConfig(department.Id), shared);
                started.Add(new RunningDepartment(department, host, host.Services.GetRequiredService<AdapterProgress>()));
                await host.StartAsync(cancellationToken);
            }

            return exchange;
        }
        catch
        {
            await exchange.DisposeAsync();
            throw;
        }
    }

    public HubStatistics Statistics() => HubStatistics.Read(_hub.Services);

    /// <summary>Stays up until the token says otherwise.</summary>
    public static async Task RunUntilCancelledAsync(CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource();
        await using var registration = cancellationToken.Register(stopped.SetResult);
        await stopped.Task;
    }

    private static async Task EndAsync(WebApplication host)
    {
        await host.StopAsync();
        await host.DisposeAsync();
    }

    /// <summary>Takes the workspace's catalogue file over into the hub's catalogue while that is empty; what is there later stays as it is.</summary>
    public static async Task ApplyCatalogueAsync(Workspace workspace, CancellationToken cancellationToken)
    {
        using var yaml = File.OpenRead(workspace.CataloguePath);
        var reading = CatalogueReader.Read(yaml, workspace.Folder);
        if (reading.File is null)
            throw new UsageException($"{workspace.CataloguePath} cannot be applied:\n{string.Join('\n', reading.Errors)}");

        var store = new CatalogueStore(workspace.CatalogueDatabase(), TimeProvider.System);
        await store.PrepareAsync(cancellationToken);
        if (await store.ApplyFirstAsync(reading.File, cancellationToken) is null)
        {
            await Console.Error.WriteLineAsync(
                $"{workspace.CataloguePath} says something else than the catalogue in force, which stays: dx catalogue apply --token-file proposes a change.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Departments first: a hub that goes first looks to them like a failure worth a log line.
        await Task.WhenAll(Departments.Select(d => EndAsync(d.Host)));
        await EndAsync(_hub);
    }
}
