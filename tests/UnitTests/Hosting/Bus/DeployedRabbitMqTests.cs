using DataExchange.Hosting;
using DataExchange.Testing;
using DataExchange.UnitTests.HouseRules;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using NUnit.Framework;

namespace DataExchange.UnitTests.Hosting.Bus;

/// <summary>The configuration that is shipped, but for its port and the folder of its certificates.</summary>
[TestFixture]
[Category("RabbitMq")]
internal sealed class DeployedRabbitMqTests
{
    [Test]
    public async Task Server_WithTheShippedConfiguration_StartsAndIsMetOverTls()
    {
        using var authority = new TestAuthority();
        await using var server = await RabbitMqProcess.StartNewAsync(server => Configure(server, authority));
        var builder = Host.CreateEmptyApplicationBuilder(new());
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Bus:Transport"] = "rabbitmq",
            ["Bus:RabbitMq"] = $"amqps://localhost:{server.Port}",
            ["Bus:RootPath"] = Path.Combine(server.Folder, "root.pem"),
        });
        builder.Services.AddLogging();
        builder.Services.AddExchangeBus(builder.Configuration);
        using var host = builder.Build();
        await host.StartAsync();

        var health = host.Services.GetRequiredService<HealthCheckService>();
        await Eventually.Async("a channel", async () => (await health.CheckHealthAsync()).Status == HealthStatus.Healthy);
        var environment = await server.ControlAsync("environment");
        Assert.That(environment, Does.Contain("{cluster_partition_handling,pause_minority}").And.Contain("{net_ticktime,15}").And.Contain("{tcp_listeners,[]}"));
        await host.StopAsync();
    }

    private static string Configure(RabbitMqProcess server, TestAuthority authority)
    {
        using var certificate = authority.IssueServer("localhost");
        authority.Save(certificate, server.Folder, "server");
        return Repository.Read("deploy/rabbitmq/rabbitmq.conf")
            .Replace("/etc/rabbitmq/tls", server.Folder, StringComparison.Ordinal)
            .Replace("listeners.ssl.default = 5671", $"listeners.ssl.default = {server.Port}", StringComparison.Ordinal);
    }
}
