using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>The documents for those who do not write C#, held to their own standards by the tools that their readers use.</summary>
internal sealed class DocumentTests
{
    private static readonly TimeSpan InstallTimeout = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan CheckTimeout = TimeSpan.FromMinutes(2);

    private static string Tools => Path.Combine(Repository.Root, "tests", "documents");

    [OneTimeSetUp]
    public async Task InstallAsync()
    {
        if (Directory.Exists(Path.Combine(Tools, "node_modules")))
            return;
        await using var install = ServerProcess.Start("npm", ["ci", "--silent", "--ignore-scripts", "--prefix", Tools]);
        Assert.That(await install.WaitForExitAsync(InstallTimeout), Is.Zero, install.Output);
    }

    [Test]
    public Task OpenApi_BySpectral_HasNoFinding() => VerifyAsync(
        Path.Combine(Tools, "node_modules", ".bin", "spectral"), "lint", Document("openapi.json"), "--ruleset", Path.Combine(Tools, "spectral.yaml"), "--fail-severity", "hint");

    [Test]
    public Task AsyncApi_ByItsParser_HasNoFinding() => VerifyAsync("node", Path.Combine(Tools, "check-asyncapi.js"), Document("asyncapi.yaml"));

    private static async Task VerifyAsync(string program, params string[] arguments)
    {
        await using var check = ServerProcess.Start(program, arguments);
        Assert.That(await check.WaitForExitAsync(CheckTimeout), Is.Zero, check.Output);
    }

    private static string Document(string name) => Path.Combine(Repository.Root, "docs", name);
}
