using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>
/// <c>dotnet new dataexchange-adapter</c> as a department meets it: packages of this tree in a folder, the template installed from there, a solution
/// made, built against the packages, its own tests and its program run.
/// </summary>
internal sealed class TemplateTests
{
    private static readonly string[] Packages = ["Contracts", "Hosting", "Adapter", "Testing"];
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromMinutes(8);

    private TempFolder _folder = null!;

    [SetUp]
    public void MakeFolder()
    {
        _folder = new TempFolder();
        LinkPackagesOfOthers();
    }

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public async Task Template_PackedInstalledAndMade_BuildsPassesItsTestsAndRuns()
    {
        foreach (var package in Packages)
            await RunAsync(Repository.Root, "pack", $"src/DataExchange.{package}", "--no-build", "-c", Configuration(), "-o", _folder["feed"]);
        await RunAsync(Repository.Root, "pack", "src/DataExchange.Templates", "-c", Configuration(), "-o", _folder["feed"]);
        // Beside the sources of whoever runs this.
        await File.WriteAllTextAsync(_folder["NuGet.Config"], $"<configuration><packageSources><add key=\"feed\" value=\"{_folder["feed"]}\" /></packageSources></configuration>");

        await RunAsync(_folder.Path, "new", "install", Directory.GetFiles(_folder["feed"], "DataExchange.Templates.*.nupkg").Single());
        await RunAsync(_folder.Path, "new", "dataexchange-adapter", "-n", "Tax.Adapter", "--department", "tax");
        var output = await RunAsync(_folder["Tax.Adapter"], "test", "--nologo");

        Assert.That(output, Does.Contain("Passed:     4").And.Contain("Failed:     0"));
        Assert.That(await File.ReadAllTextAsync(_folder["Tax.Adapter/src/Tax.Adapter/appsettings.json"]), Does.Contain("\"Department\": \"tax\""));
        Assert.That(Directory.GetFiles(_folder["Tax.Adapter"], "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file).Contains("Company", StringComparison.Ordinal)), Is.Empty);
        Assert.That(Directory.GetDirectories(_folder["packages"], "dataexchange.*").Select(Path.GetFileName), Is.EquivalentTo(Packages.Select(name => $"dataexchange.{name.ToLowerInvariant()}")),
            "those of this tree, and not of a folder that others fill");
        await AssertProgramRunsAsync();
    }

    /// <summary>With the certificates where its appsettings.json looks for them, and free ports; the hub that it names cannot be reached, for which it waits.</summary>
    private async Task AssertProgramRunsAsync()
    {
        string[] certificates = ["dev", "certificates", "--out", _folder["Tax.Adapter/src/Tax.Adapter/certificates"], "--trust-domain", "exchange.example", "--hub", "hub-1", "--department", "tax"];
        await using var dx = ServerProcess.StartDotnet("dx", certificates);
        Assert.That(await dx.WaitForExitAsync(), Is.Zero, dx.Output);

        var environment = EnvironmentOf("run");
        environment["Adapter__Port"] = environment["Management__Port"] = "0";
        await using var program = ServerProcess.Start("dotnet", ["run", "--project", "src/Tax.Adapter"], environment, _folder["Tax.Adapter"]);
        await program.WaitForLineAsync("Application started", TimeSpan.FromMinutes(1));
        Assert.That(program.Output, Does.Contain("Now listening on: https://"));
    }

    /// <summary>The shared packages, from which nothing need be fetched, but for those of this tree, which somebody's own try may have left there.</summary>
    private void LinkPackagesOfOthers()
    {
        var shared = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        Directory.CreateDirectory(_folder["others"]);
        foreach (var package in Directory.EnumerateDirectories(shared).Where(package => !Path.GetFileName(package).StartsWith("dataexchange.", StringComparison.Ordinal)))
            Directory.CreateSymbolicLink(Path.Combine(_folder["others"], Path.GetFileName(package)), package);
    }

    /// <summary>As these tests were built, so that what they are built of need not be built again.</summary>
    private static string Configuration() => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private async Task<string> RunAsync(string workingFolder, params string[] arguments)
    {
        await using var run = ServerProcess.Start("dotnet", arguments, EnvironmentOf(arguments[0]), workingFolder);
        Assert.That(await run.WaitForExitAsync(CommandTimeout), Is.Zero, $"dotnet {string.Join(' ', arguments)}\n{run.Output}");
        return run.Output;
    }

    private Dictionary<string, string> EnvironmentOf(string command)
    {
        var environment = new Dictionary<string, string> { ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["DOTNET_NOLOGO"] = "1", ["MSBUILDDISABLENODEREUSE"] = "1" };
        if (command == "new")
            environment["DOTNET_CLI_HOME"] = _folder["home"];
        // The packages of this tree have a version that says nothing: they must neither be taken from a shared folder nor stay in one.
        if (command is "test" or "run")
            (environment["NUGET_PACKAGES"], environment["NUGET_FALLBACK_PACKAGES"]) = (_folder["packages"], _folder["others"]);
        return environment;
    }
}
