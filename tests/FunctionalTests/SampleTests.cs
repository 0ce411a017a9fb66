using System.Globalization;
using System.Text;
using DataExchange.Testing;
using Npgsql;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>A reader who copies the samples' commands one after the other gets what they say. Only what <c>dotnet</c> does is not built anew.</summary>
[Category("PostgreSql")]
internal sealed class SampleTests
{
    private const string DemoIsUp = "Ctrl-C ends the exchange.";
    private const string Demo = "dotnet run --project src/DataExchange.Cli -c Release -- demo";
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan SampleTimeout = TimeSpan.FromMinutes(15);
    private static readonly string[] Samples = ["01-first-lookup", "02-a-file", "03-a-database", "04-located", "05-a-grant", "06-postgres-capture"];

    private TempFolder _clone = null!;
    private PostgresProcess _postgres = null!;

    [OneTimeSetUp]
    public async Task StartPostgresAsync() => _postgres = await PostgresProcess.StartNewAsync("wal_level=logical");

    [OneTimeTearDown]
    public async Task StopPostgresAsync() => await _postgres.DisposeAsync();

    [SetUp]
    public void Clone()
    {
        _clone = new TempFolder();
        var samples = Path.Combine(Repository.Root, "samples");
        foreach (var file in Directory.EnumerateFiles(samples).Concat(Samples.SelectMany(sample => Directory.EnumerateFiles(Path.Combine(samples, sample), "*", SearchOption.AllDirectories))))
        {
            var target = _clone[Path.GetRelativePath(Repository.Root, file)];
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        WriteDotnet();
    }

    [TearDown]
    public void Remove() => _clone.Dispose();

    [Test]
    public async Task Samples_EveryCommand_Runs()
    {
        await using var demo = Bash(Demo.Replace("dotnet run", "exec dotnet run", StringComparison.Ordinal));
        await demo.WaitForLineAsync(DemoIsUp, StartTimeout);

        // In one shell, as a reader goes through them.
        var documents = Samples.Select(sample => (Name: sample, Path: _clone[$"samples/{sample}/README.md"])).Prepend(("docs/rest.md", Path.Combine(Repository.Root, "docs", "rest.md")));
        var script = new StringBuilder("set -euo pipefail; trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\n");
        foreach (var (name, path) in documents)
        {
            var commands = Commands(path).Replace(Demo + "\n", "", StringComparison.Ordinal);
            Assert.That(commands, Is.Not.Empty, name);
            script.Append(CultureInfo.InvariantCulture, $"echo '## {name}'\n{commands}");
        }

        await using var reader = Bash(script.ToString());
        Assert.That(await reader.WaitForExitAsync(SampleTimeout), Is.Zero, reader.Output);
    }

    [Test]
    public async Task Onboarding_WithTheBuildThere_IsAnsweredAndSaysWhatTook()
    {
        await using var onboarding = Bash("exec samples/onboarding.sh");

        Assert.That(await onboarding.WaitForExitAsync(SampleTimeout), Is.Zero, onboarding.Output);
        Assert.That(onboarding.Output, Does.Contain("12 Harbour Street").And.Contain("from clone to answer, of 900"));
        TestContext.Out.WriteLine(onboarding.Output);
    }

    private ServerProcess Bash(string script) => ServerProcess.Start("bash", ["-c", script], workingFolder: _clone.Path, environment: new Dictionary<string, string>
    {
        ["PATH"] = $"{_clone["bin"]}:{Environment.GetEnvironmentVariable("PATH")}",
        ["PGHOST"] = "127.0.0.1",
        ["PGPORT"] = _postgres.Port.ToString(CultureInfo.InvariantCulture),
        ["PGUSER"] = "postgres",
        ["PGPASSWORD"] = new NpgsqlConnectionStringBuilder(_postgres.ConnectionString()).Password!,
    });

    /// <summary>Stands before the real one: builds nothing, and runs what was built beside the tests.</summary>
    private void WriteDotnet()
    {
        Directory.CreateDirectory(_clone["bin"]);
        File.WriteAllText(_clone["bin/dotnet"], $$"""
            #!/usr/bin/env bash
            case "$1 ${3-}" in
              build*) exit 0 ;;
              "run src/DataExchange.Cli") program=dx ;;
              "run src/DataExchange.AdapterHost") program=dx-adapter ;;
              *) exec "{{Environment.ProcessPath}}" "$@" ;;
            esac
            while [ "$1" != -- ]; do shift; done
            shift
            exec "{{Environment.ProcessPath}}" "{{AppContext.BaseDirectory}}/$program.dll" "$@"
            """);
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_clone["bin/dotnet"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string Commands(string document) => string.Concat(Repository.Commands(document).Select(line => line + "\n"));
}
