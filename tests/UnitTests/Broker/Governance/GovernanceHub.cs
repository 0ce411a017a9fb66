using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Broker.Governance;
using DataExchange.Broker.Index;
using DataExchange.Cli.Governance;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core.Interceptors;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace DataExchange.UnitTests.Broker.Governance;

/// <summary>
/// The catalogue's service behind real mutual TLS: tax owns income (conditional), office-hours (unconditional) and informants (not shared),
/// housing asks. Persons sign in with the development key.
/// </summary>
internal sealed class GovernanceHub : IAsyncDisposable
{
    public const string Tax = "tax";
    public const string Housing = "housing";
    public const string Income = "tax/income";
    public const string OfficeHours = "tax/office-hours";
    public const string Informants = "tax/informants";

    private readonly LogCapture _logs = new();
    private readonly List<IDisposable> _connections = [];
    private WebApplication _hub = null!;

    public TempFolder Folder { get; } = new();

    public TestCertificates Certificates { get; } = new(Tax, Housing, "newcomer");

    public DevelopmentIssuer Issuer { get; private set; } = null!;

    public CatalogueStore Store { get; private set; } = null!;

    public AuditLog Audit => _hub.Services.GetRequiredService<AuditLog>();

    public Uri Address => new(_hub.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single());

    public LogCapture Logs => _logs;

    /// <param name="settings">Above the defaults, as <c>--Section:Name=value</c>.</param>
    public static async Task<GovernanceHub> StartAsync(params string[] settings)
    {
        var hub = new GovernanceHub();
        hub.Issuer = DevelopmentIssuer.Open(hub.Folder["persons"]);
        hub.Store = new CatalogueStore(new CatalogueDatabase(CatalogueProvider.Sqlite, $"Data Source={hub.Folder["catalogue.db"]}"), TimeProvider.System);
        await hub.Store.PrepareAsync(default);
        await hub.Store.ApplyAsync(hub.File(), default);

        var builder = WebApplication.CreateSlimBuilder(
        [
            $"--Hub:DataDirectory={hub.Folder.Path}", $"--Persons:Issuer={DevelopmentIssuer.Name}", $"--Persons:DevelopmentKeyPath={hub.Issuer.PublicKeyPath}", .. settings,
        ]);
        builder.Logging.ClearProviders().AddProvider(hub._logs);
        builder.UseMutualTls(new IPEndPoint(IPAddress.Loopback, 0), hub.Certificates.Hub.CopyTo);
        builder.Services.AddExchangeGrpc(builder.Configuration);
        builder.Services.AddSingleton(new SubjectKeys(RandomNumberGenerator.GetBytes(SubjectKeys.HubKeyBytes)));
        builder.Services.AddCatalogue();
        builder.Services.AddAudit();
        builder.Services.AddGovernance();
        hub._hub = builder.Build();
        hub._hub.UseExchangeGrpc();
        hub._hub.MapGrpcService<CatalogueGrpcService>();
        await hub._hub.StartAsync();
        return hub;
    }

    public string Token(string subject, string role, string? department = null) => Token(subject, [role], department);

    public string Token(string subject, string[] roles, string? department = null, TimeSpan? validFor = null, DateTimeOffset? now = null) =>
        Issuer.Sign(subject, roles, department, validFor ?? TimeSpan.FromHours(1), now ?? TimeProvider.System.GetUtcNow());

    /// <param name="token">Null for a call without a person.</param>
    public Wire.CatalogueService.CatalogueServiceClient Connect(string department, string? token = null)
    {
        var credentials = TlsCredentials.Load(Certificates.Department(department));
        var channel = MutualTlsClient.Connect(Address, credentials, new ExpectedPeer(PeerRole.Hub, TestCertificates.BrokerId));
        _connections.AddRange([channel, credentials]);
        return token is null ? new(channel) : new(channel.Intercept(metadata =>
        {
            metadata.Add("authorization", $"Bearer {token}");
            return metadata;
        }));
    }

    public async Task<Wire.GrantRequest> RequestAsync(string attribute, string purpose = "rent") => (await Connect(Housing).RequestGrantAsync(new()
    {
        Attribute = AttributeId.Parse(attribute).ToWire(),
        Purpose = purpose,
        LegalBasis = "Housing Act",
        ValidUntil = TimeProvider.System.GetUtcNow().AddMonths(6).ToTimestamp(),
    })).Request;

    /// <summary>Adds entries to the hub's audit log as its lookups would.</summary>
    public async Task AuditAsync(params Wire.AuditEntry[] entries) => Assert(
        (await Audit.AppendAsync([.. entries.Select(entry => (ReadOnlyMemory<byte>)entry.ToByteArray())], default)).Error is null);

    /// <summary>What the audit log has of governance, in order.</summary>
    public List<Wire.GovernanceAct> Acts() =>
        [.. new AuditReader(Folder["audit"]).Read().Select(bytes => Wire.AuditEntry.Parser.ParseFrom(bytes.Span).Governance).Where(act => act is not null)];

    public CatalogueFile File() => new()
    {
        Departments = [new(DepartmentId.Parse(Tax), "Tax office"), new(DepartmentId.Parse(Housing), "Housing office")],
        Keys = [KeyOf(Tax), KeyOf(Housing)],
        Attributes =
        [
            new(AttributeId.Parse(Income), "Income", Wire.ValueType.Integer, Wire.Holding.Held),
            new(AttributeId.Parse(OfficeHours), "Office hours", Wire.ValueType.Text, Wire.Holding.Held, Sharing: Wire.Sharing.Unconditional, Sensitivity: Wire.Sensitivity.Open),
            new(AttributeId.Parse(Informants), "Informants", Wire.ValueType.Text, Wire.Holding.Held, Sharing: Wire.Sharing.NotShared, LegalSource: "Tax Code, section 30"),
        ],
    };

    public string PemOf(string department) => System.IO.File.ReadAllText(Certificates.Department(department).CertificatePath);

    public async ValueTask DisposeAsync()
    {
        _connections.ForEach(connection => connection.Dispose());
        await _hub.DisposeAsync();
        _logs.VerifyNoErrors();
        _logs.Dispose();
        Folder.Dispose();
        Certificates.Dispose();
    }

    private KeyConfig KeyOf(string department)
    {
        using var certificate = X509CertificateLoader.LoadCertificateFromFile(Certificates.Department(department).CertificatePath);
        return new KeyConfig(
            KeyId.Of(certificate), DepartmentId.Parse(department), Convert.ToBase64String(certificate.PublicKey.ExportSubjectPublicKeyInfo()), KeyUses.Tls | KeyUses.Signing);
    }

    private static void Assert(bool holds) => NUnit.Framework.Assert.That(holds);
}
