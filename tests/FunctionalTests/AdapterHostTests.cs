using System.Globalization;
using DataExchange.Contracts;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary>A department that wrote no code: <c>samples/02-a-file</c> as a process beside a real hub.</summary>
internal sealed class AdapterHostTests
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromMinutes(2);
    private static readonly AttributeId[] All = [Attribute("kind"), Attribute("issued"), Attribute("state"), Attribute("address")];

    private readonly int _port = FreePort.Next();
    private readonly int _managementPort = FreePort.Next();
    private TempFolder _folder = null!;
    private TestExchange _exchange = null!;
    private ServerProcess _adapter = null!;
    private Wire.LookupService.LookupServiceClient _lookups = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _folder = new TempFolder();
        _exchange = await TestExchange.StartAsync(new() { ["Lookup:AttemptTimeout"] = "00:00:30", ["Lookup:CircuitAttemptsMin"] = "10000" });
        await _exchange.ApplyAsync(_exchange.Catalogue with { LicensingPort = _port });
        Copy(Path.Combine(Repository.Root, "samples", "02-a-file"), _folder.Path);
        _lookups = _exchange.Lookups();
        _adapter = StartAdapter();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _adapter.DisposeAsync();
        await _exchange.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Sample_OfAFile_AnswersLookupsAndFollowsTheFile()
    {
        await UntilAsync("B100001", "company", "restaurant|2019-02-03|valid|12 Harbour Street, Northport");
        await UntilAsync("L-000003", "licence", "restaurant|2022-11-28|withdrawn|40 Station Road, Eastbridge");
        await UntilAsync("L-000004", "licence", "|||", "a filter keeps it out");

        // Killed, not stopped, and the file becomes another one meanwhile: one row is gone, one is changed, one cell is wrong.
        await _adapter.KillAsync();
        await _adapter.DisposeAsync();
        await WriteAsync("""
            licence,company,kind,issued,state,address
            L-000001,B100001,restaurant,2019-02-03,W,"14 Harbour Street, Northport"
            L-000003,,restaurant,28.11.2022,W,"40 Station Road, Eastbridge"
            """);
        _adapter = StartAdapter();

        await UntilAsync("L-000002", "licence", "|||", "withdrawn");
        await UntilAsync("L-000001", "licence", "restaurant|2019-02-03|withdrawn|14 Harbour Street, Northport");
        var health = await HealthAsync();
        Assert.That(health, Does.Contain("licences: 0 rows and 1 cells refused").And.Contain("row 2, column issued: must be a day as dd.MM.yyyy"));
        Assert.That(health + _adapter.Output, Does.Not.Contain("L-00000").And.Not.Contain("Harbour"));
    }

    [Test]
    public async Task Sample_FileThatShrank_WithdrawsOnlyWhatIsAccepted()
    {
        await UntilAsync("L-000001", "licence", "restaurant|2019-02-03|valid|12 Harbour Street, Northport");

        await WriteAsync("licence,company,kind,issued,state,address\nL-000002,B100002,taxi,17.06.2021,V,\"3 Mill Lane, Northport\"\n");
        await Eventually.Async("the source stops", async () => (await HealthAsync()).Contains("2 of 3 subjects are gone", StringComparison.Ordinal), StartTimeout);
        await UntilAsync("L-000001", "licence", "restaurant|2019-02-03|valid|12 Harbour Street, Northport", "nothing was withdrawn");

        await using var accept = ServerProcess.StartDotnet("dx-adapter", ["accept", "--config", _folder["adapter.yaml"], "--source", "licences"], Overrides());
        Assert.That(await accept.WaitForExitAsync(StartTimeout), Is.Zero, accept.Output);

        await UntilAsync("L-000001", "licence", "|||", "withdrawn");
    }

    [Test]
    public async Task Check_FileWithMistakes_NamesThemAllAndStartsNothing()
    {
        var yaml = await File.ReadAllTextAsync(_folder["adapter.yaml"]);
        await File.WriteAllTextAsync(_folder["wrong.yaml"], yaml.Replace("port: 7480", "prt: 7480", StringComparison.Ordinal).Replace("scheme: company", "scheme: firm", StringComparison.Ordinal));

        await using var check = ServerProcess.StartDotnet("dx-adapter", ["check", "--config", _folder["wrong.yaml"]]);

        Assert.That(await check.WaitForExitAsync(StartTimeout), Is.EqualTo(1));
        Assert.That(check.Output, Does.Contain("adapter.prt").And.Contain("is not a known key here").And.Contain("sources[0].links[0].scheme"));
    }

    [Test]
    public async Task Document_EveryCommand_Runs()
    {
        const string Run = "dotnet run --project src/DataExchange.AdapterHost -c Release -- ";
        var commands = Repository.Commands(Path.Combine(Repository.Root, "docs", "adapter-host.md")).ToList();
        Assert.That(commands, Is.Not.Empty.And.All.StartsWith(Run));

        foreach (var command in commands)
        {
            await using var run = ServerProcess.StartDotnet("dx-adapter", command[Run.Length..].Split(' '), workingFolder: Repository.Root);
            Assert.That(await run.WaitForExitAsync(StartTimeout), Is.Zero, $"{command}\n{run.Output}");
        }
    }

    private static AttributeId Attribute(string name) => new(DepartmentId.Parse(TestCatalogue.Licensing), name);

    private static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    private ServerProcess StartAdapter() => ServerProcess.StartDotnet("dx-adapter", ["run", "--config", _folder["adapter.yaml"]], Overrides());

    private Dictionary<string, string> Overrides()
    {
        var certificates = _exchange.Certificates.Department(TestCatalogue.Licensing);
        return new()
        {
            ["DX_Adapter__HubAddress"] = _exchange.Address.ToString(),
            ["DX_Adapter__HubKeyIds__0"] = TestCertificates.KeyIdOf(_exchange.Certificates.Hub),
            ["DX_Adapter__Port"] = _port.ToString(CultureInfo.InvariantCulture),
            ["DX_Adapter__StateFolder"] = _folder["state"],
            ["DX_Management__Port"] = _managementPort.ToString(CultureInfo.InvariantCulture),
            ["DX_Tls__TrustDomain"] = certificates.TrustDomain,
            ["DX_Tls__CertificatePath"] = certificates.CertificatePath,
            ["DX_Tls__KeyPath"] = certificates.KeyPath,
            ["DX_Tls__RootPath"] = certificates.RootPath,
        };
    }

    private Task WriteAsync(string text) => File.WriteAllTextAsync(_folder["data/licences.csv"], text);

    private async Task UntilAsync(string value, string scheme, string expected, string why = "") => await Eventually.Async(
        $"{why} {expected} of a {scheme}\n{_adapter.Output}",
        async () => Text(await _lookups.LookupAsync(Ask.About(new Identifier(scheme, value), All))),
        text => text == expected,
        StartTimeout);

    private static string Text(Wire.LookupResponse response) => string.Join('|', response.Answers.Select(answer => answer.Evidence.Select(evidence => Text(evidence.Value)).SingleOrDefault() ?? ""));

    private static string Text(Wire.Value value) => value.KindCase switch
    {
        Wire.Value.KindOneofCase.Date => string.Create(CultureInfo.InvariantCulture, $"{value.Date.Year:D4}-{value.Date.Month:D2}-{value.Date.Day:D2}"),
        Wire.Value.KindOneofCase.Code => value.Code,
        _ => value.Text,
    };

    private async Task<string> HealthAsync()
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_managementPort}") };
        using var response = await client.GetAsync(new Uri("/health/ready", UriKind.Relative));
        return await response.Content.ReadAsStringAsync();
    }
}
