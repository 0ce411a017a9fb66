using DataExchange.Cli;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli;

/// <summary>What cannot be done as given ends with an exit code and a sentence, never with a stack.</summary>
internal sealed class CommandLineTests
{
    private TempFolder _folder = null!;

    [SetUp]
    public void Begin() => _folder = new TempFolder();

    [TearDown]
    public void End() => _folder.Dispose();

    [TestCase("1e300")]
    [TestCase("NaN")]
    [TestCase("-1")]
    public async Task Lookup_AgeThatIsNone_IsWrongUsage(string age) =>
        Assert.That(await CommandLine.RunAsync(["lookup", "coins:DCM048", "--max-age", age]), Is.EqualTo(ExitCode.Usage));

    [TestCase("--management", "ftp://127.0.0.1")]
    [TestCase("--interval", "0.1")]
    public async Task Top_AddressOrPauseThatIsNone_IsWrongUsage(params string[] switches) =>
        Assert.That(await CommandLine.RunAsync(["top", "--once", .. switches]), Is.EqualTo(ExitCode.Usage));

    [TestCase("demo")]
    [TestCase("simulate", "--persons", "10")]
    public async Task Exchange_WorkspaceThatIsAFile_IsUnavailable(params string[] command)
    {
        File.WriteAllText(_folder["file"], "");

        Assert.That(await CommandLine.RunAsync([.. command, "--exit", "--workspace", _folder["file"]]), Is.EqualTo(ExitCode.Unavailable));
    }

    [Test]
    public async Task Simulate_WorkspaceOfAnotherSeed_IsRefusedAtOnce()
    {
        File.WriteAllText(_folder["seed"], "7");

        Assert.That(await CommandLine.RunAsync(["simulate", "--persons", "10", "--seed", "8", "--exit", "--workspace", _folder.Path]), Is.EqualTo(ExitCode.Usage));
        Assert.That(File.ReadAllText(_folder["seed"]), Is.EqualTo("7"));
    }
}
