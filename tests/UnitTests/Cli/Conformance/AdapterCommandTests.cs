using System.CommandLine;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using DataExchange.Cli;
using DataExchange.Cli.Conformance;
using DataExchange.Cli.Conformance.Reports;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Conformance;

/// <summary>The command from its switches to its files and exit code.</summary>
internal sealed partial class AdapterCommandTests
{
    private SeededDepartment _department = null!;
    private StringWriter _output = null!;

    [SetUp]
    public void Begin()
    {
        _department = new SeededDepartment();
        _output = new StringWriter();
    }

    [TearDown]
    public async Task EndAsync()
    {
        await _output.DisposeAsync();
        await _department.DisposeAsync();
    }

    [Test]
    public async Task Verify_AdapterWithoutFault_EndsWellAndWritesBothReports()
    {
        var config = await _department.StartAsync();

        Assert.That(await RunAsync("verify", "--config", config, "--json", "--all", "--junit", Path("junit.xml"), "--report", Path("report"), "--report-key", Path("report.key")), Is.Zero, _output.ToString());

        using var json = JsonDocument.Parse(_output.ToString());
        Assert.That(json.RootElement.GetProperty("broken").GetInt32(), Is.Zero);
        Assert.That(json.RootElement.GetProperty("held").GetInt32(), Is.GreaterThanOrEqualTo(ConformanceRules.All.Count));
        var suites = XDocument.Load(Path("junit.xml")).Root!;
        Assert.That((suites.Attribute("tests")!.Value, suites.Attribute("failures")!.Value, suites.Attribute("skipped")!.Value), Is.EqualTo((json.RootElement.GetProperty("held").GetInt32().ToString(System.Globalization.CultureInfo.InvariantCulture), "0", "0")));
        if (!OperatingSystem.IsWindows())
            Assert.That(File.GetUnixFileMode(Path("report.key")), Is.EqualTo(UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }

    [Test]
    public async Task Verify_AdapterWithAFault_EndsWithAFindingAndSaysHowToMendIt()
    {
        _department.Adapter.Batches.RemoveAt(1);
        _department.Replaced["expired: {certificate_path: expired.pem, key_path: expired.key}\n"] = "";
        var config = await _department.StartAsync();

        Assert.That(await RunAsync("verify", "--config", config, "--junit", Path("junit.xml")), Is.EqualTo(ExitCode.Finding));

        Assert.That(Running(), Does.Contain("STR-3").And.Contain("BROKEN").And.Contain("after sequence 6 came 10").And.Contain("not run").And.Contain("1 broken, 1 not run"));
        var suites = XDocument.Load(Path("junit.xml")).Root!.Elements("testsuite").ToList();
        Assert.That(suites.Select(suite => suite.Attribute("name")!.Value), Is.EqualTo(ConformanceRules.All.Select(rule => rule.Area).Distinct()));
        var stream = suites.Single(suite => suite.Attribute("name")!.Value == "stream");
        Assert.That((stream.Attribute("tests")!.Value, stream.Attribute("failures")!.Value, stream.Elements("testcase").Count()), Is.EqualTo(("11", "1", 11)));
        var failure = stream.Descendants("failure").Single();
        Assert.That((failure.Attribute("type")!.Value, failure.Attribute("message")!.Value, failure.Value), Is.EqualTo(
            ("STR-3", "after sequence 6 came 10", $"To mend it: {ConformanceRules.Contiguous.Mend}")));
        Assert.That(suites.SelectMany(suite => suite.Descendants("skipped")).Count(), Is.EqualTo(1));
    }

    [Test]
    public async Task Verify_RuleThatIsNotRun_IsAFindingOnlyWhereAllAreAskedFor()
    {
        _department.Replaced["change: [touch, change]"] = "";
        var config = await _department.StartAsync();

        Assert.That(await RunAsync("verify", "--config", config), Is.Zero);
        Assert.That(await RunAsync("verify", "--config", config, "--all"), Is.EqualTo(ExitCode.Finding));
    }

    [Test]
    public async Task Verify_FileWithMistakes_NamesThemAllAtOnce()
    {
        _department.Replaced["department: tax"] = "department: tacks\nkey: 1";
        _department.Replaced["key_path: hub.key"] = "key_path: none.key";
        _department.Replaced["load_calls: 60"] = "load_calls: 0";
        var config = await _department.StartAsync();

        Assert.That(await RunAsync("verify", "--config", config), Is.EqualTo(ExitCode.Usage));

        Assert.That(_output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries), Is.EqualTo(new[]
        {
            "department (line 1:13): must be in the catalogue",
            "key (line 2:1): is not a known key here",
            "hub.key_path (line 5:72): must be a file that is there",
            "limits.load_calls (line 18:83): must be a whole number from 1 to 100000",
        }));
    }

    [Test]
    public async Task Verify_NothingAtTheAddress_IsUnavailable()
    {
        var config = await _department.StartAsync();
        await _department.Server.DisposeAsync();

        Assert.That(await CommandLine.RunAsync(["adapter", "verify", "--config", config]), Is.EqualTo(ExitCode.Unavailable));
    }

    [Test]
    public async Task Verify_ReportWithoutAKey_IsWrongUsage() =>
        Assert.That(await CommandLine.RunAsync(["adapter", "verify", "--config", "verify.yaml", "--report", Path("report")]), Is.EqualTo(ExitCode.Usage));

    [Test]
    public async Task Report_AsItWasSigned_IsShownAndAfterAnyChangeRefused()
    {
        _department.Adapter.Batches.RemoveAt(1);
        await RunAsync("verify", "--config", await _department.StartAsync(), "--report", Path("report"), "--report-key", Path("report.key"));
        using var signer = SignedReport.Signer("dx-adapter-verify", Path("report.key"));
        using var other = SignedReport.Signer("dx-adapter-verify", Path("other.key"));

        Assert.That(await RunAsync("report", Path("report"), "--key", $"{signer.Key}"), Is.EqualTo(ExitCode.Finding), "a rule is broken");
        Assert.That(Running(), Does.Contain($"signed by {signer.Key}").And.Contain("after sequence 6 came 10"));
        Assert.That(SignedReport.Verify(File.ReadAllBytes(Path("report")), other.Key), Is.Null);
        var whole = File.ReadAllText(Path("report"));
        foreach (var (from, to) in new[] { ("\"broken\": 1", "\"broken\": 0"), ("STR-3", "STR-4"), ("\"tax\"", "\"taxes\"") })
        {
            Assert.That(whole, Does.Contain(from));
            Assert.That(SignedReport.Verify(System.Text.Encoding.UTF8.GetBytes(whole.Replace(from, to, StringComparison.Ordinal)), signer.Key), Is.Null, from);
        }
    }

    [Test]
    public async Task Output_OfAnyKind_HoldsNoIdentifierAndNoValue()
    {
        _department.Adapter.Batches[1].Changes[0].Set.Subject.Value = "X1-canary";
        _department.Adapter.Batches[2].Changes[0].Set.Value = new() { Text = "value-canary" };
        _department.Adapter.Fetches = (_, _) => throw new Grpc.Core.RpcException(new Grpc.Core.Status(Grpc.Core.StatusCode.Internal, "text-canary"));

        await RunAsync("verify", "--config", await _department.StartAsync(), "--junit", Path("junit.xml"), "--report", Path("report"), "--report-key", Path("report.key"));

        var all = _output + File.ReadAllText(Path("junit.xml")) + File.ReadAllText(Path("report"));
        Assert.That(all, Does.Contain("VAL-3").And.Contain("VAL-2").And.Contain("CAL-1").And.Not.Contain("canary").And.Not.Contain(SeededAdapter.Resident));
    }

    private Task<int> RunAsync(params string[] arguments) =>
        AdapterCommand.Create().Parse(arguments).InvokeAsync(new InvocationConfiguration { Output = _output, Error = _output, EnableDefaultExceptionHandler = false });

    /// <summary>What was written, as running text: a table breaks its lines.</summary>
    private string Running() => Frames().Replace(_output.ToString(), " ");

    [GeneratedRegex(@"[│\s]+")]
    private static partial Regex Frames();

    private string Path(string file) => _department.Folder[file];
}
