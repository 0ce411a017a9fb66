using DataExchange.Cli.Exchange;

namespace DataExchange.Cli.Bench;

/// <summary>A hub as a process of its own whose index holds a population.</summary>
/// <param name="SparePort">Free for a server beside it.</param>
internal sealed record BenchHub(Workspace Workspace, BenchProcess Process, int SparePort) : IAsyncDisposable
{
    public static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    // The load of one department: its budget is counted, but made so large that it is never spent.
    public static Dictionary<string, string> Environment { get; } = new()
    {
        ["Logging__LogLevel__Default"] = "Warning",
        ["DX_Logging__LogLevel__Default"] = "Warning",
        ["DX_Budget__Purposes__0__RequestsPerMinuteMax"] = "1000000000",
        ["DX_Budget__Purposes__0__SubjectsMax"] = "10000000",
    };

    /// <param name="folder">For all that it keeps.</param>
    /// <param name="population">What is published to it.</param>
    /// <param name="settings">Of the hub, as environment variables above <see cref="Environment"/>.</param>
    /// <param name="grantee">A department that is granted all that the consumer is, too.</param>
    public static async Task<BenchHub> StartAsync(
        string folder, BenchPopulation population, Dictionary<string, string> settings, CancellationToken cancellationToken, string? grantee = null)
    {
        var port = FreePorts.Row(2 + population.Plan.Departments.Count + 1);
        var workspace = Workspace.Prepare(new ExchangeSettings(folder, port, RabbitMq: null), population.Plan);
        if (grantee is not null)
            await GrantAsync(workspace, population.Plan.Consumer.Id, grantee, cancellationToken);
        await LocalExchange.ApplyCatalogueAsync(workspace, cancellationToken);

        BenchScreen.Step("starting the hub");
        var hub = BenchProcess.StartSelf(
            Path.Combine(folder, "hub.log"), new Dictionary<string, string>([.. Environment, .. settings]), "hub", "run", "--config", workspace.HubConfig);
        var started = new BenchHub(workspace, hub, port + 2 + population.Plan.Departments.Count);
        try
        {
            await hub.UntilListeningAsync(port, StartLimit, cancellationToken);
            BenchScreen.Step("publishing its population through the ingress");
            await PopulationLoader.LoadAsync(workspace, population, cancellationToken);
            return started;
        }
        catch
        {
            await started.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Process.DisposeAsync();

    /// <summary>Grants are the last section of the file.</summary>
    private static async Task GrantAsync(Workspace workspace, string consumer, string grantee, CancellationToken cancellationToken)
    {
        var catalogue = await File.ReadAllTextAsync(workspace.CataloguePath, cancellationToken);
        var grants = catalogue[(catalogue.IndexOf("grants:\n", StringComparison.Ordinal) + "grants:\n".Length)..];
        await File.AppendAllTextAsync(
            workspace.CataloguePath, grants.Replace($"consumer: {consumer}", $"consumer: {grantee}", StringComparison.Ordinal), cancellationToken);
    }
}
