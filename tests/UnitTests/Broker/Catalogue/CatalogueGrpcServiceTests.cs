using System.Net;
using System.Security.Cryptography;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Broker.Governance;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Catalogue;

/// <summary>The listing service behind real mutual TLS, with the catalogue as the only authority on who may call.</summary>
[TestFixture]
public sealed class CatalogueGrpcServiceTests
{
    private static readonly string[] Consumers = ["housing", "tax"];

    private readonly TestCertificates _certificates = new([.. Consumers, "stranger"]);
    private readonly TempFolder _folder = new();
    private readonly LogCapture _logs = new();
    private WebApplication _hub = null!;
    private CatalogueStore _store = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _store = new CatalogueStore(new CatalogueDatabase(CatalogueProvider.Sqlite, $"Data Source={_folder["catalogue.db"]}"), TimeProvider.System);
        await _store.PrepareAsync(default);
        await _store.ApplyAsync(File(), default);

        var builder = WebApplication.CreateSlimBuilder([$"--Hub:DataDirectory={_folder.Path}"]);
        builder.Logging.ClearProviders().AddProvider(_logs);
        builder.UseMutualTls(new IPEndPoint(IPAddress.Loopback, 0), _certificates.Hub.CopyTo);
        builder.Services.AddExchangeGrpc(builder.Configuration);
        builder.Services.AddSingleton(new SubjectKeys(RandomNumberGenerator.GetBytes(SubjectKeys.HubKeyBytes)));
        builder.Services.AddCatalogue();
        builder.Services.AddAudit();
        builder.Services.AddGovernance();
        _hub = builder.Build();
        _hub.UseExchangeGrpc();
        _hub.MapGrpcService<CatalogueGrpcService>();
        await _hub.StartAsync();
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _hub.DisposeAsync();
        _logs.VerifyNoErrors();
        _logs.Dispose();
        _folder.Dispose();
        _certificates.Dispose();
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(1_000)]
    public async Task ListAttributes_PageByPage_GivesEachOnceInOrder(int pageSize)
    {
        using var channel = Connect("housing");
        var client = new Wire.CatalogueService.CatalogueServiceClient(channel);
        var names = new List<string>();
        var pages = 0;
        for (var token = ""; pages == 0 || token.Length > 0; pages++)
        {
            var page = await client.ListAttributesAsync(new() { PageSize = pageSize, PageToken = token });
            names.AddRange(page.Attributes.Select(a => $"{a.Id.Department}/{a.Id.Name}"));
            token = page.NextPageToken;
        }

        Assert.That(names, Is.EqualTo(File().Attributes.Select(a => a.Id.ToString()).Order(StringComparer.Ordinal)));
        Assert.That(pages, Is.EqualTo((names.Count + pageSize - 1) / pageSize));
    }

    [Test]
    public async Task ListAttributes_OfOneDepartment_GivesItsOwnWithAllThatIsDeclared()
    {
        using var channel = Connect("housing");

        var page = await new Wire.CatalogueService.CatalogueServiceClient(channel).ListAttributesAsync(new() { Department = "tax" });

        Assert.That(page.Attributes.Select(a => a.Id.Department).Distinct(), Is.EqualTo(new[] { "tax" }));
        var first = page.Attributes[0];
        Assert.That(
            (first.Id.Name, first.Title, first.Type, first.Holding, first.MaxAge.ToTimeSpan()),
            Is.EqualTo(("attribute-00", "Attribute 0", Wire.ValueType.Text, Wire.Holding.Held, TimeSpan.FromHours(1))));
    }

    [Test]
    public async Task ListDepartments_AnyCaller_GivesThemInOrder()
    {
        using var channel = Connect("tax");

        var page = await new Wire.CatalogueService.CatalogueServiceClient(channel).ListDepartmentsAsync(new());

        Assert.That(page.Departments.Select(d => (d.Id, d.Name)), Is.EqualTo(new[] { ("housing", "Department housing"), ("tax", "Department tax") }));
        Assert.That(page.NextPageToken, Is.Empty);
    }

    [Test]
    public async Task ListMyGrants_Caller_SeesItsOwnOnly()
    {
        using var housing = Connect("housing");
        using var tax = Connect("tax");

        var ofHousing = await new Wire.CatalogueService.CatalogueServiceClient(housing).ListMyGrantsAsync(new());
        var ofTax = await new Wire.CatalogueService.CatalogueServiceClient(tax).ListMyGrantsAsync(new());

        var grant = ofHousing.Grants.Single();
        Assert.That(
            (grant.Attribute.Department, grant.Attribute.Name, grant.Purpose, grant.LegalBasis, grant.ValidFrom.ToDateTimeOffset()),
            Is.EqualTo(("tax", "attribute-03", "rent", "Act 1", DateTimeOffset.UnixEpoch)));
        Assert.That(ofTax.Grants, Is.Empty);
    }

    [Test]
    public void List_PageFieldsOutOfBounds_AreNamedAndNothingElse()
    {
        using var channel = Connect("housing");
        var client = new Wire.CatalogueService.CatalogueServiceClient(channel);
        var token = client.ListAttributes(new() { PageSize = 1 }).NextPageToken;

        Assert.Multiple(() =>
        {
            AssertInvalid(() => client.ListAttributes(new() { PageSize = -1 }), "page_size");
            AssertInvalid(() => client.ListAttributes(new() { PageSize = 1_001 }), "page_size");
            AssertInvalid(() => client.ListAttributes(new() { PageToken = "not a token" }), "page_token");
            AssertInvalid(() => client.ListAttributes(new() { PageToken = token[..^2] + "!!" }), "page_token");
            AssertInvalid(() => client.ListAttributes(new() { PageToken = new string('A', 100_000) }), "page_token");
            AssertInvalid(() => client.ListAttributes(new() { PageToken = token, Department = "tax" }), "page_token");
            AssertInvalid(() => client.ListDepartments(new() { PageToken = token }), "page_token");
            AssertInvalid(() => client.ListMyGrants(new() { PageToken = token, PageSize = -1 }), "page_size", "page_token");
            AssertInvalid(() => client.ListAttributes(new() { Department = "tax*" }), "department");
        });
    }

    [Test]
    public void List_DepartmentNotInTheCatalogue_IsRefused()
    {
        using var channel = Connect("stranger");

        var refusal = Assert.Throws<RpcException>(() => new Wire.CatalogueService.CatalogueServiceClient(channel).ListMyGrants(new()));

        Assert.That(refusal!.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason, Is.EqualTo("DEPARTMENT_UNKNOWN"));
    }

    [Test]
    public async Task Apply_KeyTakenAway_CutsOffTheOpenConnectionWithinFiveSeconds()
    {
        using var channel = Connect("tax");
        var client = new Wire.CatalogueService.CatalogueServiceClient(channel);
        await client.ListMyGrantsAsync(new());

        await _store.ApplyAsync(File() with { Keys = [.. File().Keys.Where(k => k.Department.Value != "tax")] }, default);
        await Eventually.Async("refused", () => ReasonOf(client) == "KEY_NOT_REGISTERED", TimeSpan.FromSeconds(5));

        await _store.ApplyAsync(File(), default);
        await Eventually.Async("let in again", () => ReasonOf(client) is null, TimeSpan.FromSeconds(5));
    }

    private static string? ReasonOf(Wire.CatalogueService.CatalogueServiceClient client)
    {
        try
        {
            client.ListMyGrants(new());
            return null;
        }
        catch (RpcException refusal)
        {
            return refusal.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason;
        }
    }

    private static void AssertInvalid(Func<object> call, params string[] fields)
    {
        var refusal = Assert.Throws<RpcException>(() => call());

        Assert.That(refusal!.StatusCode, Is.EqualTo(StatusCode.InvalidArgument));
        Assert.That(refusal.GetRpcStatus()!.GetDetail<Google.Rpc.BadRequest>()!.FieldViolations.Select(v => v.Field), Is.EqualTo(fields));
    }

    private GrpcChannel Connect(string department) => MutualTlsClient.Connect(
        new Uri(_hub.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single()),
        TlsCredentials.Load(_certificates.Department(department)),
        new ExpectedPeer(PeerRole.Hub, TestCertificates.BrokerId));

    private CatalogueFile File()
    {
        var attributes = Consumers.SelectMany(d => Enumerable.Range(0, 20).Select(i => new AttributeConfig(
            AttributeId.Parse($"{d}/attribute-{i:00}"), $"Attribute {i}", Wire.ValueType.Text, Wire.Holding.Held, TimeSpan.FromHours(1))));
        return new CatalogueFile
        {
            Departments = [.. Consumers.Select(d => new DepartmentConfig(DepartmentId.Parse(d), $"Department {d}"))],
            Keys = [.. Consumers.Select(d => KeyOf(d))],
            Attributes = [.. attributes],
            Grants =
            [
                new GrantConfig(DepartmentId.Parse("housing"), AttributeId.Parse("tax/attribute-03"), "rent", "Act 1", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100)),
            ],
        };
    }

    private KeyConfig KeyOf(string department)
    {
        using var certificate = System.Security.Cryptography.X509Certificates.X509CertificateLoader.LoadCertificateFromFile(_certificates.Department(department).CertificatePath);
        return new KeyConfig(KeyId.Of(certificate), DepartmentId.Parse(department), Convert.ToBase64String(certificate.PublicKey.ExportSubjectPublicKeyInfo()), KeyUses.Tls);
    }
}
