using System.CommandLine;
using System.Text.Json;
using DataExchange.Cli;
using DataExchange.Cli.Top;
using DataExchange.FunctionalTests.Hub;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary><c>dx top</c> beside a hub that works, and beside nothing.</summary>
[TestFixture]
internal sealed class TopTests
{
    [Test]
    public async Task Top_OfAHubThatHasAnswered_TellsDepartmentsEntriesAndTrouble()
    {
        await using var exchange = await TestExchange.StartAsync();
        await exchange.PublishAsync(Ask.Body(1), "kept", "lane");
        await exchange.Lookups().LookupAsync(Ask.About(Ask.Body(1), Ask.Held));

        var (code, output) = await RunAsync(exchange.ManagementAddress);
        var look = JsonDocument.Parse(output).RootElement;

        var registry = look.GetProperty("departments").EnumerateArray().Single();
        Assert.That(code, Is.EqualTo(look.GetProperty("status").GetString() == "Healthy" ? ExitCode.Ok : ExitCode.Finding));
        Assert.That(registry.GetProperty("name").GetString(), Is.EqualTo(TestCatalogue.Registry));
        Assert.That(registry.GetProperty("watermark").GetInt32(), Is.EqualTo(2));
        Assert.That(registry.GetProperty("trouble").GetString(), Is.Empty);
        Assert.That(look.GetProperty("entries").GetInt32(), Is.EqualTo(1));
    }

    [Test]
    public void Top_WhereThereIsNoHub_SaysWhatToGive() =>
        Assert.That(() => RunAsync(new Uri("http://127.0.0.1:1")), Throws.InstanceOf<IOException>().With.Message.Contains("--management"));

    private static async Task<(int Code, string Output)> RunAsync(Uri management)
    {
        await using var output = new StringWriter();
        var code = await TopCommand.Create().Parse(["--once", "--json", "--interval", "0.5", "--management", management.ToString()])
            .InvokeAsync(new InvocationConfiguration { Output = output, EnableDefaultExceptionHandler = false });
        return (code, output.ToString());
    }
}
