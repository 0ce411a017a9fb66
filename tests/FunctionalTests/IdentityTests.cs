using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Hosting;
using DataExchange.Testing;
using Google.Protobuf.Reflection;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>Every rpc that hub and adapter serve, with no, wrong and insufficient identity. A new rpc is covered by being mapped.</summary>
[TestFixture]
internal sealed class IdentityTests
{
    private static readonly byte[] EmptyMessage = RawCall.Frame([]);

    private TestExchange _exchange = null!;
    private TestCertificates _otherAuthority = null!;
    private TempFolder _reissuedFolder = null!;
    private DevelopmentCertificates _reissued = null!;

    [OneTimeSetUp]
    public async Task StartAsync()
    {
        _exchange = await TestExchange.StartAsync();
        _otherAuthority = new TestCertificates(TestCatalogue.Welfare);
        // The same authority, the same names, other keys.
        _reissuedFolder = new TempFolder();
        foreach (var file in new[] { "root.pem", "root.key" })
            File.Copy(Path.Combine(_exchange.Certificates.Folder, file), _reissuedFolder[file]);
        _reissued = DevelopmentCertificates.Create(
            _reissuedFolder.Path, TestCertificates.TrustDomain, TestCertificates.BrokerId, [DepartmentId.Parse(TestCatalogue.Welfare)]);
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _exchange.DisposeAsync();
        _otherAuthority.Dispose();
        _reissuedFolder.Dispose();
    }

    [Test]
    public void Methods_OfTheContract_AreAllServedAndSoAllTriedHere()
    {
        var contract = typeof(Wire.LookupRequest).Assembly.GetTypes()
            .Select(type => type.GetProperty("Descriptor")?.GetValue(null) as FileDescriptor)
            .Where(file => file is not null)
            .SelectMany(file => file!.Services)
            .SelectMany(service => service.Methods.Select(method => $"/{service.FullName}/{method.Name}"));

        Assert.That(contract, Is.SubsetOf(Methods(_exchange.Hub).Concat(Methods(_exchange.Department))).And.Not.Empty);
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task Call_NoCertificate_ConnectionIsRefused(bool hub) =>
        await VerifyNoConnectionAsync(hub, _exchange.Certificates.Department(TestCatalogue.Welfare), withCertificate: false, "Missing");

    [TestCase(true)]
    [TestCase(false)]
    public async Task Call_CertificateOfAnotherAuthority_ConnectionIsRefused(bool hub)
    {
        var own = hub ? _otherAuthority.Department(TestCatalogue.Welfare) : _otherAuthority.Hub;
        var identity = new TlsOptions
        {
            TrustDomain = own.TrustDomain, CertificatePath = own.CertificatePath, KeyPath = own.KeyPath, RootPath = _exchange.Certificates.Hub.RootPath,
        };
        await VerifyNoConnectionAsync(hub, identity, withCertificate: true, "NotFromRoot");
    }

    [Test]
    public Task HubCall_UnknownDepartment_IsRefused() =>
        VerifyRefusedAsync(true, _exchange.Certificates.Department(TestCatalogue.Stranger), "DEPARTMENT_UNKNOWN");

    [Test]
    public Task HubCall_AnotherHub_IsRefused() => VerifyRefusedAsync(true, _exchange.Certificates.Hub, "DEPARTMENT_UNKNOWN");

    [Test]
    public Task HubCall_KeyNotRegistered_IsRefused() =>
        VerifyRefusedAsync(true, _reissued.Department(DepartmentId.Parse(TestCatalogue.Welfare)), "KEY_NOT_REGISTERED");

    [TestCase(TestCatalogue.Registry)]
    [TestCase(TestCatalogue.Welfare)]
    [TestCase(TestCatalogue.Stranger)]
    public Task AdapterCall_DepartmentsKey_IsRefused(string department) =>
        VerifyRefusedAsync(false, _exchange.Certificates.Department(department), "HUB_ONLY");

    [Test]
    public Task AdapterCall_HubsNameWithAnotherKey_IsRefused() => VerifyRefusedAsync(false, _reissued.Hub, "HUB_ONLY");

    /// <summary>Without this the tests above would pass on a server that refuses everybody.</summary>
    [TestCase(true)]
    [TestCase(false)]
    public async Task Call_RegisteredKey_ReachesTheService(bool hub)
    {
        var identity = hub ? _exchange.Certificates.Department(TestCatalogue.Welfare) : _exchange.Certificates.Hub;
        using var call = Caller(hub, identity);
        // Health is not of the contract, and its Watch has no end.
        foreach (var method in Methods(hub ? _exchange.Hub : _exchange.Department).Where(m => m.StartsWith("/dataexchange.", StringComparison.Ordinal)))
        {
            var answer = await call.SendAsync(method, EmptyMessage);
            Assert.That(answer.Reason, Is.Not.AnyOf("DEPARTMENT_UNKNOWN", "KEY_NOT_REGISTERED", "HUB_ONLY", "INTERNAL"), method);
            Assert.That(answer.Code, Is.Not.Null, method);
            // Methods of persons ask for one beside the key; whoever hears that has been let in by it.
            if (answer.Code == StatusCode.Unauthenticated)
                Assert.That(answer.Reason, Is.EqualTo("TOKEN_MISSING"), method);
        }
    }

    private async Task VerifyNoConnectionAsync(bool hub, TlsOptions identity, bool withCertificate, string loggedReason)
    {
        foreach (var method in Methods(hub ? _exchange.Hub : _exchange.Department))
        {
            var before = Refusals(loggedReason);
            using var call = Caller(hub, identity, withCertificate);

            await Assert.ThatAsync(() => call.SendAsync(method, EmptyMessage), Throws.InstanceOf<HttpRequestException>(), method);

            await Eventually.Async($"a logged refusal of {method}", () => Refusals(loggedReason) > before);
        }
    }

    private async Task VerifyRefusedAsync(bool hub, TlsOptions identity, string reason)
    {
        using var call = Caller(hub, identity);
        foreach (var method in Methods(hub ? _exchange.Hub : _exchange.Department))
        {
            var answer = await call.SendAsync(method, EmptyMessage);
            Assert.That((answer.Code, answer.Reason, answer.MessageBytes), Is.EqualTo(((StatusCode?)StatusCode.PermissionDenied, reason, 0)), method);
        }
    }

    private RawCall Caller(bool hub, TlsOptions identity, bool withCertificate = true) => hub
        ? new RawCall(_exchange.Address, identity, PeerRole.Hub, withCertificate)
        : new RawCall(_exchange.AdapterAddress, identity, PeerRole.Department, withCertificate);

    private int Refusals(string reason) =>
        _exchange.Logs.All.Count(log => log.EventId.Name == "HandshakeRefused" && log.State.Contains($"Reason={reason},", StringComparison.Ordinal));

    private static List<string> Methods(WebApplication host) =>
        [.. host.Services.GetRequiredService<EndpointDataSource>().Endpoints
            .Select(endpoint => endpoint.Metadata.GetMetadata<GrpcMethodMetadata>()?.Method.FullName)
            .OfType<string>()
            .Distinct()];
}
