using DataExchange.FunctionalTests.Exchange;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>A reader who copies the README's commands one after the other gets what the README says.</summary>
[TestFixture]
internal sealed class ReadmeTests
{
    private const string Run = "dotnet run --project src/DataExchange.Cli -c Release -- ";
    private const string DemoIsUp = "Ctrl-C ends the exchange.";
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromMinutes(3);

    [Test]
    public async Task Readme_EveryCommand_Runs()
    {
        var commands = Commands();
        Assert.That(commands, Does.Contain("demo").And.Contain("tests/run.sh"), "what the README begins with");

        using var folder = new TempFolder();
        await using var demo = ServerProcess.StartDotnet("dx", ["demo"], workingFolder: folder.Path);
        await demo.WaitForLineAsync(DemoIsUp, CommandTimeout);
        foreach (var command in commands.Where(c => c is not ("demo" or "tests/run.sh")))
        {
            await using var run = ServerProcess.StartDotnet("dx", command.Split(' '), workingFolder: folder.Path);
            Assert.That(await run.WaitForExitAsync(CommandTimeout), Is.Zero, $"{command}\n{run.Output}");
        }

        Assert.That(ProcessLog.Errors(demo.Output), Is.Empty);
        Assert.That(demo.Output, Does.Contain("4,734 resolved, 0 unresolved, 0 wrong"));
    }

    /// <summary>The lines of the README's shell blocks, without what starts <c>dx</c>.</summary>
    private static List<string> Commands() =>
        [.. Repository.Commands(Path.Combine(Repository.Root, "README.md"))
            .Select(line => line.StartsWith(Run, StringComparison.Ordinal) ? line[Run.Length..] : line)];
}
