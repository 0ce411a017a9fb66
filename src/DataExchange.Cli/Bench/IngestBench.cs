using DataExchange.Cli.Exchange;
using Npgsql;

namespace DataExchange.Cli.Bench;

/// <summary>The servers of an ingest run: our own on loopback where no address was given.</summary>
internal sealed class IngestServers : IAsyncDisposable
{
    private readonly RabbitMqServer? _ownRabbit;
    private readonly PostgresServer? _ownPostgres;

    private IngestServers(Uri rabbit, RabbitMqServer? ownRabbit, string postgres, PostgresServer? ownPostgres) =>
        (Rabbit, _ownRabbit, Postgres, _ownPostgres) = (rabbit, ownRabbit, postgres, ownPostgres);

    public Uri Rabbit { get; }

    public string Postgres { get; }

    public static async Task<IngestServers> StartAsync(string folder, Uri? rabbit, string? postgres, CancellationToken cancellationToken)
    {
        var ownRabbit = rabbit is null ? await RabbitMqServer.StartAsync(Path.Combine(folder, "rabbitmq"), cancellationToken) : null;
        try
        {
            var ownPostgres = postgres is null ? await PostgresServer.StartAsync(Path.Combine(folder, "postgresql"), cancellationToken) : null;
            return new IngestServers(rabbit ?? ownRabbit!.Address, ownRabbit, postgres ?? ownPostgres!.ConnectionString, ownPostgres);
        }
        catch when (ownRabbit is not null)
        {
            await ownRabbit.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_ownRabbit is not null)
            await _ownRabbit.DisposeAsync();
        if (_ownPostgres is not null)
            await _ownPostgres.DisposeAsync();
    }
}

/// <summary><c>dx bench ingest</c>: our whole path and its three controls, in turn, over the same servers.</summary>
internal static class IngestBench
{
    /// <summary>Where a child finds RabbitMQ: the address can hold a password, which no argument may.</summary>
    public const string RabbitVariable = "DX_BENCH_RABBITMQ";

    private const int PreparedChanges = 400_000;
    private const int InFlight = 64;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    public static async Task RunAsync(
        BenchSettings settings, Uri? rabbit, string? postgres, IReadOnlyList<int> batches, ulong changes, BenchScreen screen, CancellationToken cancellationToken)
    {
        BenchScreen.Step("starting rabbitmq-server and PostgreSQL");
        await using var servers = await IngestServers.StartAsync(settings.Folder, rabbit, postgres, cancellationToken);
        var plan = IngestPlan.Create();
        var port = FreePorts.Row(2 + plan.Departments.Count);
        var workspace = Workspace.Prepare(new ExchangeSettings(Path.Combine(settings.Folder, "exchange"), port, servers.Rabbit), plan);
        await LocalExchange.ApplyCatalogueAsync(workspace, cancellationToken);

        BenchScreen.Step("starting the hub");
        await using var hub = BenchProcess.StartSelf(Path.Combine(settings.Folder, "hub.log"), Quiet(), "hub", "run", "--config", workspace.HubConfig);
        await hub.UntilListeningAsync(port, StartLimit, cancellationToken);
        foreach (var batch in batches)
            await MeasureAsync(settings, servers, workspace, hub, batch, batch == batches[^1] ? changes : 0, screen, cancellationToken);
        screen.Close("(b) MassTransit with an empty consumer; raw_rabbitmq is (a), postgresql is (c)");
    }

    private static async Task MeasureAsync(
        BenchSettings settings, IngestServers servers, Workspace workspace, BenchProcess hub, int batch, ulong changes, BenchScreen screen,
        CancellationToken cancellationToken)
    {
        BenchScreen.Step($"batches of {batch}: preparing");
        var department = IngestPlan.Department(batch);
        using var credentials = workspace.Credentials(department);
        var signed = IngestPlan.Sign(credentials, PreparedChanges, batch);
        BenchScreen.Step($"a batch of {batch} changes is {signed.Average(b => b.Length):N0} bytes with its signature");
        var environment = Quiet();
        environment[RabbitVariable] = servers.Rabbit.ToString();
        environment["DX_Adapter__BatchChangesMax"] = $"{batch}";
        environment["DX_Adapter__OutboxBytesMax"] = $"{IngestPlan.OutboxBytesMax}";
        environment["DX_Adapter__WatermarkInterval"] = "00:00:00.020";

        await using var rawChild = Child("raw", "bench", "child", "raw");
        await using var transitChild = Child("masstransit", "bench", "child", "masstransit");
        await using var ours = Child("department", "bench", "child", "department", workspace.DepartmentConfig(department));
        await using var raw = await RawRabbit.ConnectAsync(servers.Rabbit, cancellationToken);
        await transitChild.AskAsync("count", cancellationToken);
        await using var transit = await BareMassTransit.ConnectAsync(servers.Rabbit, cancellationToken);
        await using var postgres = NpgsqlDataSource.Create(servers.Postgres);

        var paths = new (string Name, IIngestPath Path)[]
        {
            ("RabbitMQ.Client alone", new BusPath(rawChild, raw.PublishAsync, signed, batch)),
            ("MassTransit alone", new BusPath(transitChild, transit.PublishAsync, signed, batch)),
            ("PostgreSQL", new PostgresUpsert(postgres, IngestPlan.Rows(PreparedChanges), batch)),
            ("the exchange", new IngestExchange(hub, ours)),
        };
        var windows = paths.Select(_ => new List<Measurement>()).ToArray();
        for (var round = 0; round <= settings.Rounds; round++)
        {
            for (var i = 0; i < paths.Length; i++)
            {
                var measured = await paths[i].Path.MeasureAsync(settings.Window, cancellationToken);
                BenchScreen.Step($"  {(round == 0 ? "warm-up" : $"round {round}")}: {paths[i].Name} {measured.Rate:N0} changes/s");
                if (round > 0)
                    windows[i].Add(measured);
            }
        }

        var medians = windows.Select(Measurement.Median).ToArray();
        screen.Add(new BenchResult("ingest", InFlight, batch, medians[3], medians[1], new Dictionary<string, double>
        {
            ["raw_rabbitmq_rate"] = medians[0].Rate,
            ["raw_rabbitmq_ratio"] = medians[3].Rate / medians[0].Rate,
            ["postgresql_rate"] = medians[2].Rate,
            ["postgresql_ratio"] = medians[3].Rate / medians[2].Rate,
            ["hub_rss_mib"] = hub.ResidentBytes >> 20,
            ["department_rss_mib"] = ours.ResidentBytes >> 20,
        }));
        if (changes > 0)
            await new IngestExchange(hub, ours).RunAsync(changes, changes / 20, screen.Add, cancellationToken);

        BenchProcess Child(string name, params string[] arguments) =>
            BenchProcess.StartSelf(Path.Combine(settings.Folder, $"{name}-{batch}.log"), environment, arguments);
    }

    private static Dictionary<string, string> Quiet() => new() { ["DX_Logging__LogLevel__Default"] = "Warning" };
}
