using System.Text;
using System.Text.Json;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Cli.Governance;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Grpc.Net.Client;
using Microsoft.Data.Sqlite;

namespace DataExchange.Cli.Exchange;

/// <summary>
/// The folder that holds everything of one exchange on this machine: certificates, catalogue, one configuration file a process, and their
/// state. Made on the first run and kept; <c>dx hub run</c> and <c>dx department run</c> take the same configuration files.
/// </summary>
internal sealed class Workspace
{
    public const string TrustDomain = "demo.dataexchange.example";
    public const string BrokerId = "hub-1";
    public const string CertificatesFolder = "certificates";

    private const string Address = "127.0.0.1";

    // From a department's port to its management port, for departments that run as processes of their own.
    private const int ManagementPortOffset = 1_000;

    // Standard output is the program's; what the hosts have to say goes beside it.
    private static readonly object Logging = new
    {
        LogLevel = new Dictionary<string, string> { ["Default"] = "Warning", ["Microsoft.Hosting.Lifetime"] = "Warning" },
        Console = new { FormatterName = "simple", LogToStandardErrorThreshold = "Trace" },
    };

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private readonly ExchangeSettings _settings;

    private readonly DevelopmentCertificates _certificates;

    private readonly DevelopmentIssuer _issuer;

    private Workspace(ExchangeSettings settings, DevelopmentCertificates certificates)
    {
        (_settings, _certificates) = (settings, certificates);
        _issuer = DevelopmentIssuer.Open(Path.Combine(Path.GetFullPath(settings.Workspace), DevelopmentIssuer.Folder));
    }

    public string Folder => _settings.Workspace;

    public Uri HubAddress => Listener(_settings.Port);

    public Uri ManagementAddress => new($"http://{Address}:{_settings.Port + 1}");

    public bool UsesRabbitMq => _settings.RabbitMq is not null;

    public string HubConfig => Path.Combine(Folder, "hub.json");

    public string CataloguePath => Path.Combine(Folder, "catalogue.yaml");

    public string DepartmentConfig(string department) => Path.Combine(Folder, "departments", $"{department}.json");

    /// <summary>Makes what is missing and keeps what is there.</summary>
    public static Workspace Prepare(ExchangeSettings settings, ExchangePlan plan)
    {
        var departments = plan.Departments.Select(d => d.Id).Append(plan.Consumer.Id).Select(DepartmentId.Parse);
        var certificates = DevelopmentCertificates.Create(Path.Combine(settings.Workspace, CertificatesFolder), TrustDomain, BrokerId, departments);
        var workspace = new Workspace(settings, certificates);
        Directory.CreateDirectory(workspace.HubFolder);
        workspace.WriteHubConfig(plan);
        for (var i = 0; i < plan.Departments.Count; i++)
            workspace.WriteDepartmentConfig(plan.Departments[i], workspace.DepartmentPort(i));
        if (!File.Exists(workspace.CataloguePath))
            WriteText(workspace.CataloguePath, workspace.Catalogue(plan));
        return workspace;
    }

    public CatalogueDatabase CatalogueDatabase() =>
        new(CatalogueProvider.Sqlite, new SqliteConnectionStringBuilder { DataSource = Path.Combine(HubFolder, "catalogue.db") }.ConnectionString);

    /// <summary>A department's certificate and key. The caller disposes of them.</summary>
    public TlsCredentials Credentials(string department) => TlsCredentials.Load(_certificates.Department(DepartmentId.Parse(department)));

    /// <summary>A channel to the hub with a department's own certificate. The caller disposes of it.</summary>
    public GrpcChannel ConnectToHub(string department) =>
        MutualTlsClient.Connect(HubAddress, Credentials(department), new ExpectedPeer(PeerRole.Hub, BrokerId));

    private static Uri Listener(int port) => new($"https://{Address}:{port}");

    private string HubFolder => Path.Combine(Folder, "hub");

    // The hub takes the first port, its management the second, the departments those after it.
    private int DepartmentPort(int index) => _settings.Port + 2 + index;

    private string Catalogue(ExchangePlan plan)
    {
        var ports = plan.Departments.Select((department, index) => (department.Id, Port: DepartmentPort(index))).ToDictionary(d => d.Id, d => d.Port);
        return PlanCatalogue.Write(plan, department => Listener(ports[department.Id]), CertificatePath);

        string CertificatePath(string department) =>
            Path.GetRelativePath(Folder, _certificates.Department(DepartmentId.Parse(department)).CertificatePath);
    }

    private void WriteHubConfig(ExchangePlan plan) => WriteJson(HubConfig, new
    {
        Hub = new { BrokerId, DataDirectory = HubFolder, Address, _settings.Port },
        Tls = _certificates.Hub,
        Management = new { Port = _settings.Port + 1 },
        Rest = new { Enabled = true, Page = true },
        Logging,
        Bus = Bus(),
        // This consumer goes through everything that there is, and through much that nobody knows.
        Budget = new { Purposes = new[] { new { plan.Consumer.Purpose, SubjectsMax = 5_000_000 } } },
        Persons = new { Issuer = DevelopmentIssuer.Name, DevelopmentIssuer.Audience, DevelopmentKeyPath = _issuer.PublicKeyPath },
    });

    private void WriteDepartmentConfig(PlannedDepartment department, int port) => WriteJson(DepartmentConfig(department.Id), new Dictionary<string, object?>
    {
        ["Adapter"] = new
        {
            Department = department.Id,
            StateFolder = Path.Combine(Folder, "departments", department.Id),
            HeldAttributes = department.Attributes.Where(a => !a.Located).Select(a => a.Name),
            LocatedAttributes = department.Attributes.Where(a => a.Located).Select(a => a.Name),
            HubAddress,
            HubName = BrokerId,
            HubKeyIds = new[] { KeyId.Of(TlsCredentials.Load(_certificates.Hub).Certificate) },
            Address,
            Port = port,
        },
        ["Management"] = new { Port = port + ManagementPortOffset },
        ["Logging"] = Logging,
        ["Tls"] = _certificates.Department(DepartmentId.Parse(department.Id)),
        ["Bus"] = UsesRabbitMq ? Bus() : null,
        [department.SourceSection] = department.Source,
    });

    private object Bus() => UsesRabbitMq ? new { Transport = "rabbitmq", RabbitMq = _settings.RabbitMq } : new { Transport = "memory" };

    private static void WriteJson(string path, object value) => WriteText(path, JsonSerializer.Serialize(value, Indented));

    /// <summary>For the owner only, since a configuration can hold a password.</summary>
    private static void WriteText(string path, string text) =>
        WholeFile.Write(path, Encoding.UTF8.GetBytes(text), WholeFile.OwnerOnly, overwrite: true);
}
