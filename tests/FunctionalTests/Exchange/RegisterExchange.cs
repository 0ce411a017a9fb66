using System.Text.Json.Nodes;
using DataExchange.Cli.Exchange;
using DataExchange.Cli.Registers;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests.Exchange;

/// <summary>Some of the sample registers as an exchange whose hub and departments are processes of their own, to be killed and started again.</summary>
internal sealed class RegisterExchange : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(1);

    private readonly TempFolder _folder = new();
    private readonly HttpClient _http = new();
    private readonly Dictionary<string, ServerProcess> _running = [];
    private readonly List<string> _outputs = [];
    private readonly Dictionary<string, int> _managementPorts;
    private readonly Workspace _workspace;

    private RegisterExchange(Uri? rabbitMq, string[] departments)
    {
        var samples = RegistersFile.FindSamples();
        var plan = RegistersFile.Load(samples).Plan();
        Plan = plan with { Departments = [.. plan.Departments.Where(d => departments.Contains(d.Id))] };
        Oracle = new RegisterOracle(samples, departments);
        var port = PortBlock.Next(departments.Length + 2);
        _workspace = Workspace.Prepare(new ExchangeSettings(_folder.Path, port, rabbitMq), Plan);
        _managementPorts = Plan.Departments.Select((d, i) => (d.Id, Port: port + 2 + i + PortBlock.DepartmentManagementOffset))
            .Append((Id: Hub, Port: port + 1))
            .ToDictionary(p => p.Id, p => p.Port);
    }

    public const string Hub = "hub";

    /// <summary>Hub settings for tests that ask what is true, not how fast: a busy machine must not make a provider too slow.</summary>
    public static IReadOnlyDictionary<string, string> Patient { get; } = new Dictionary<string, string>
    {
        ["DX_Lookup__AttemptTimeout"] = "00:00:30",
        ["DX_Lookup__CircuitAttemptsMin"] = "10000",
    };

    public ExchangePlan Plan { get; }

    public RegisterOracle Oracle { get; }

    public string AuditFolder => _folder["hub/audit"];

    public string KeyFolder => _folder["hub/keys"];

    /// <summary>With its catalogue applied; nothing runs yet.</summary>
    /// <param name="rabbitMq">Null: departments publish through the hub's gRPC ingress.</param>
    public static async Task<RegisterExchange> PrepareAsync(Uri? rabbitMq, params string[] departments)
    {
        var exchange = new RegisterExchange(rabbitMq, departments);
        await using var apply = ServerProcess.StartDotnet("dx",
            ["catalogue", "apply", exchange._workspace.CataloguePath, "--database", $"sqlite:{exchange._folder["hub/catalogue.db"]}"]);
        Assert.That(await apply.WaitForExitAsync(StartTimeout), Is.Zero, apply.Output);
        return exchange;
    }

    public ServerProcess this[string process] => _running[process];

    /// <summary>Starts the hub or a department, and returns when it answers for its health.</summary>
    /// <param name="settings">Above those of its configuration file, as <c>DX_Section__Name</c>.</param>
    public async Task StartAsync(string process, IReadOnlyDictionary<string, string>? settings = null)
    {
        string[] arguments = process == Hub
            ? ["hub", "run", "--config", _workspace.HubConfig]
            : ["department", "run", "--config", _workspace.DepartmentConfig(process)];
        var started = ServerProcess.StartDotnet("dx", arguments, settings);
        _running[process] = started;
        await started.WaitUntilAsync("health", async () => await HealthAsync(process), StartTimeout);
    }

    /// <summary>As a crash would.</summary>
    public async Task KillAsync(string process)
    {
        Assert.That(_running.Remove(process, out var killed), process);
        await killed!.KillAsync();
        _outputs.Add(killed.Output);
        await killed.DisposeAsync();
    }

    /// <summary>What a process says of itself on its management port.</summary>
    public async Task<JsonNode> HealthAsync(string process)
    {
        using var answer = await _http.GetAsync(new Uri($"http://127.0.0.1:{_managementPorts[process]}/health/ready"));
        return JsonNode.Parse(await answer.Content.ReadAsStringAsync())!;
    }

    /// <summary>Up to which sequence the hub has applied everything of a department; 0 before the first batch.</summary>
    public async Task<long> WatermarkAsync(string department) =>
        (await HealthAsync(Hub))["checks"]!["streams"]!["data"]![department]?["watermark"]!.GetValue<long>() ?? 0;

    /// <summary>Waits until the hub is well and has every change of every department.</summary>
    public Task WhenCompleteAsync(TimeSpan timeout) => Eventually.Async(
        "the hub has everything",
        () => HealthAsync(Hub),
        health => health["status"]!.GetValue<string>() == "Healthy" && Oracle.ChangesByDepartment.All(department =>
            health["checks"]!["streams"]!["data"]![department.Key]?["watermark"]!.GetValue<long>() >= department.Value),
        timeout);

    /// <summary>Holds the hub against the files: how much there is, that nothing came twice, and every answer to every identifier of some maps.</summary>
    public async Task AssertExactAsync(params string[] schemes)
    {
        var checks = (await HealthAsync(Hub))["checks"]!;
        using (Assert.EnterMultipleScope())
        {
            foreach (var (department, changes) in Oracle.ChangesByDepartment)
                Assert.That(await WatermarkAsync(department), Is.EqualTo(changes), department);
            Assert.That(checks["index"]!["data"]!["facts"]!.GetValue<long>(), Is.EqualTo(Oracle.Facts));
            Assert.That(checks["index"]!["data"]!["links"]!.GetValue<long>(), Is.EqualTo(Oracle.Links));
            Assert.That(checks["index"]!["data"]!["subjects"]!.GetValue<long>(), Is.EqualTo(Oracle.Identifiers));
        }

        using var desk = Connect();
        var faults = await desk.FaultsAsync(Oracle.MapRows.Where(row => schemes.Contains(row.Scheme)), Oracle);
        Assert.That(faults.Take(20), Is.Empty, $"{faults.Count} lookups");
    }

    /// <summary>The caller disposes of it.</summary>
    public ServiceDeskClient Connect() => new(_workspace, Plan);

    /// <summary>Entries of level Error and above that any process has logged, those killed included.</summary>
    public IEnumerable<string> Errors() => _outputs.Concat(_running.Values.Select(process => process.Output)).SelectMany(ProcessLog.Errors);

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running.Values)
            await process.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }
}
