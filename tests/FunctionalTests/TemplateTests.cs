using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>
/// <c>dotnet new dataexchange-adapter</c> as a department meets it: packages of this tree in a folder, the template installed from there, a solution
/// made, built against the packages, and its own tests run.
/// </summary>
internal sealed class TemplateTests
{
    private static readonly string[] Packages = ["Contracts", "Hosting", "Adapter", "Testing"];
    private static readonly TimeSpan CommandTimeout = TimeSpan.FromMinutes(8);

    private TempFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new TempFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public async Task Template_PackedInstalledAndMade_BuildsAndPassesItsTests()
    {
        foreach (var package in Packages)
            await RunAsync(Root(), "pack", $"src/DataExchange.{package}", "--no-build", "-c", Configuration(), "-o", _folder["feed"]);
        await RunAsync(Root(), "pack", "src/DataExchange.Templates", "-c", Configuration(), "-o", _folder["feed"]);
        // Beside the sources of whoever runs this.
        await File.WriteAllTextAsync(_folder["NuGet.Config"], $"<configuration><packageSources><add key=\"feed\" value=\"{_folder["feed"]}\" /></packageSources></configuration>");

        await RunAsync(_folder.Path, "new", "install", Directory.GetFiles(_folder["feed"], "DataExchange.Templates.*.nupkg").Single());
        await RunAsync(_folder.Path, "new", "dataexchange-adapter", "-n", "Tax.Adapter", "--department", "tax");
        var output = await RunAsync(_folder["Tax.Adapter"], "test", "--nologo");

        Assert.That(output, Does.Contain("Passed:     4").And.Contain("Failed:     0"));
        Assert.That(await File.ReadAllTextAsync(_folder["Tax.Adapter/src/Tax.Adapter/appsettings.json"]), Does.Contain("\"Department\": \"tax\""));
        Assert.That(Directory.GetFiles(_folder["Tax.Adapter"], "*", SearchOption.AllDirectories).Where(file => Path.GetFileName(file).Contains("Company", StringComparison.Ordinal)), Is.Empty);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "DataExchange.sln")))
            folder = folder.Parent;
        return folder.FullName;
    }

    /// <summary>As these tests were built, so that what they are built of need not be built again.</summary>
    private static string Configuration() => new DirectoryInfo(AppContext.BaseDirectory).Parent!.Name;

    private async Task<string> RunAsync(string workingFolder, params string[] arguments)
    {
        var environment = new Dictionary<string, string> { ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1", ["DOTNET_NOLOGO"] = "1", ["MSBUILDDISABLENODEREUSE"] = "1" };
        if (arguments[0] == "new")
            environment["DOTNET_CLI_HOME"] = _folder["home"];
        if (arguments[0] == "test")
        {
            // The packages of this tree have a version that says nothing: they must neither be taken from a shared folder nor stay in one.
            environment["NUGET_PACKAGES"] = _folder["packages"];
            environment["NUGET_FALLBACK_PACKAGES"] = Environment.GetEnvironmentVariable("NUGET_PACKAGES")
                ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
        }

        await using var run = ServerProcess.Start("dotnet", arguments, environment, workingFolder);
        Assert.That(await run.WaitForExitAsync(CommandTimeout), Is.Zero, $"dotnet {string.Join(' ', arguments)}\n{run.Output}");
        return run.Output;
    }
}
