using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Testing;

public sealed class ServerProcessTests
{
    [Test]
    public async Task Stop_ProgramThatHandlesTheSignal_EndsWithItsExitCode()
    {
        await using var process = ServerProcess.Start("sh", ["-c", "trap 'exit 7' TERM; echo ready; while :; do read -r line; done"]);
        await process.WaitForLineAsync("ready");

        Assert.That(await process.StopAsync(), Is.EqualTo(7));
    }

    [Test]
    public async Task WaitForLine_ProgramEndsWithoutIt_SaysWhatItPrinted()
    {
        await using var process = ServerProcess.Start("sh", ["-c", "echo out of luck >&2; exit 3"]);

        Assert.That(() => process.WaitForLineAsync("ready"), Throws.InvalidOperationException.With.Message.Contains("out of luck"));
    }

    [Test]
    public async Task Dispose_ProgramWithChildren_EndsAllOfThem()
    {
        var process = ServerProcess.Start("sh", ["-c", "sleep 600 & echo child $!; wait"]);
        var child = int.Parse((await process.WaitForLineAsync("child"))["child ".Length..], null);
        Assert.That(File.Exists($"/proc/{child}/exe"), "the child runs");

        await process.DisposeAsync();

        await Eventually.Async("the child is gone", () => !File.Exists($"/proc/{child}/exe"));
    }

    [Test]
    [Category("RabbitMq")]
    public async Task RabbitMq_KilledAndRestarted_KeepsItsVirtualHosts()
    {
        await using var server = await RabbitMqProcess.StartNewAsync();
        await server.CreateVirtualHostAsync("kept");

        await server.KillAsync();
        Assert.That(await FreePort.IsOpenAsync(server.Port), Is.False);
        await server.StartAsync();
        await server.RestartAsync();

        Assert.That(await server.ControlAsync("list_vhosts"), Does.Contain("kept"));
    }

    [Test]
    [Category("PostgreSql")]
    public async Task Postgres_KilledAndRestarted_KeepsItsDatabases()
    {
        await using var server = await PostgresProcess.StartNewAsync();
        var connectionString = await server.CreateDatabaseAsync("kept");

        await server.KillAsync();
        Assert.That(await FreePort.IsOpenAsync(server.Port), Is.False);
        await server.StartAsync();
        await server.RestartAsync();

        await using var connection = new Npgsql.NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        Assert.That(connection.Database, Is.EqualTo("kept"));
    }
}
