using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using DataExchange.Contracts;
using DataExchange.Hosting;
using DataExchange.Testing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Bus;

/// <summary>An amqps listener with any certificate; what counts is whether our side goes on after seeing it.</summary>
[TestFixture]
internal sealed class RabbitMqTlsTests
{
    private const string Localhost = "localhost";

    private TestAuthority _authority = null!;
    private TempFolder _folder = null!;

    [SetUp]
    public void CreateAuthority()
    {
        _authority = new TestAuthority();
        _folder = new TempFolder();
        File.WriteAllText(_folder["root.pem"], _authority.Root.ExportCertificatePem());
    }

    [TearDown]
    public void DisposeAuthority()
    {
        _authority.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Connect_CertificateOfTheRootWithTheName_SpeaksToTheServer() =>
        Assert.That(await SpeaksAsync(_authority.IssueServer(Localhost), _folder["root.pem"]), Is.True);

    [Test]
    public async Task Connect_OtherRoot_DoesNotSpeakToTheServer()
    {
        using var rogue = new TestAuthority();
        Assert.That(await SpeaksAsync(rogue.IssueServer(Localhost), _folder["root.pem"]), Is.False);
    }

    [Test]
    public async Task Connect_RootNotNamed_TrustsTheSystemsOnly() =>
        Assert.That(await SpeaksAsync(_authority.IssueServer(Localhost), rootPath: null), Is.False);

    [Test]
    public async Task Connect_OtherName_DoesNotSpeakToTheServer() =>
        Assert.That(await SpeaksAsync(_authority.IssueServer("other.example"), _folder["root.pem"]), Is.False);

    /// <summary>true when the AMQP greeting arrives inside TLS.</summary>
    private static async Task<bool> SpeaksAsync(X509Certificate2 certificate, string? rootPath)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var greeted = GreetedAsync(listener, certificate);
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Bus:Transport"] = "rabbitmq",
            ["Bus:RabbitMq"] = $"amqps://{Localhost}:{((IPEndPoint)listener.LocalEndpoint).Port}",
            ["Bus:RootPath"] = rootPath,
            ["Bus:PublishTimeout"] = "00:00:02",
        });
        builder.Services.AddLogging();
        builder.Services.AddExchangeBus(builder.Configuration);
        using var host = builder.Build();
        await host.StartAsync();

        var health = await host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        var outcome = await host.Services.GetRequiredService<ReliablePublisher>().PublishAsync(new ChangeBatchMessage { SignedBatch = [1] }, default);

        Assert.That(health.Status, Is.EqualTo(HealthStatus.Unhealthy));
        Assert.That(outcome, Is.EqualTo(PublishOutcome.Failed).Or.EqualTo(PublishOutcome.TimedOut));
        return await greeted;
    }

    private static async Task<bool> GreetedAsync(TcpListener listener, X509Certificate2 certificate)
    {
        using (certificate)
        using (var client = await listener.AcceptTcpClientAsync())
        await using (var tls = new SslStream(client.GetStream()))
        {
            try
            {
                await tls.AuthenticateAsServerAsync(certificate);
                var greeting = new byte[4];
                await tls.ReadExactlyAsync(greeting);
                return greeting.SequenceEqual("AMQP"u8.ToArray());
            }
            catch (Exception exception) when (exception is IOException or AuthenticationException)
            {
                return false;
            }
        }
    }
}
