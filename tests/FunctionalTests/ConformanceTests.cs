using System.Globalization;
using System.Text.Json;
using DataExchange.FunctionalTests.Hub;
using DataExchange.Testing;
using NUnit.Framework;

namespace DataExchange.FunctionalTests;

/// <summary><c>samples/02-a-file</c> as a process whose hub is the kit, verified by <c>dx adapter verify</c> as another.</summary>
internal sealed class ConformanceTests
{
    private const string Hub = "hub-1";
    private const string Header = "licence,company,kind,issued,state,address\n";
    private const string First = "L-000001,B100001,restaurant,03.02.2019,V,\"12 Harbour Street, Northport\"\n";
    private const string Second = "L-000002,B100002,taxi,17.06.2021,V,\"3 Mill Lane, Northport\"\n";
    private const string Third = "L-000003,,restaurant,28.11.2022,W,\"40 Station Road, Eastbridge\"\n";

    private const string Catalogue = """
        departments:
          - id: licensing
            name: Licensing
            adapter: https://127.0.0.1:7450
            keys: [{file: certificates/department-licensing.pem, uses: [tls, signing]}]
        schemes:
          - {name: licence, pattern: "L-[0-9]{6}", normalize: [trim, upper]}
          - {name: company, pattern: "B[0-9]{6}", normalize: [trim, upper]}
        attributes:
          - {id: licensing/kind, title: Kind, type: code, holding: held}
          - {id: licensing/issued, title: Issued, type: date, holding: held}
          - {id: licensing/state, title: State, type: code, holding: held}
          - {id: licensing/address, title: Address, type: text, holding: located}
        link_rights:
          - {department: licensing, schemes: [licence, company]}
        """;

    private static readonly TimeSpan VerifyTimeout = TimeSpan.FromMinutes(5);

    private readonly int _port = FreePort.Next();
    private readonly int _hubPort = FreePort.Next();
    private readonly int _managementPort = FreePort.Next();
    private TempFolder _folder = null!;
    private TestCertificates _certificates = null!;
    private ServerProcess _adapter = null!;

    [SetUp]
    public void Start()
    {
        _folder = new TempFolder();
        _certificates = new TestCertificates(TestCatalogue.Licensing);
        Directory.CreateDirectory(_folder["certificates"]);
        foreach (var file in Directory.EnumerateFiles(_certificates.Folder))
            File.Copy(file, Path.Combine(_folder["certificates"], Path.GetFileName(file)));
        var sample = Path.Combine(Repository.Root, "samples", "02-a-file", "adapter.yaml");
        File.Copy(sample, _folder["adapter.yaml"]);
        File.WriteAllText(_folder["wrong.yaml"], File.ReadAllText(sample).Replace("hub_name:", "hub_nam:", StringComparison.Ordinal));
        File.WriteAllText(_folder["catalogue.yaml"], Catalogue);
        Directory.CreateDirectory(_folder["data"]);
        File.WriteAllText(_folder["data/licences.csv"], Header + First + Second);
        File.WriteAllText(_folder["more.csv"], Header + First + Second.Replace("V", "W", StringComparison.Ordinal) + Third);
        File.WriteAllText(_folder["fewer.csv"], Header + First + Third);
        File.WriteAllText(_folder["verify.yaml"], Verify());
        _adapter = StartAdapter();
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _adapter.DisposeAsync();
        _certificates.Dispose();
        _folder.Dispose();
    }

    [Test]
    public async Task Sample_OfAFile_BreaksNoRuleAlsoWhenItIsKilledWhileItIsRead()
    {
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{_managementPort}") };
        await Eventually.Async($"the adapter is alive\n{_adapter.Output}", async () => (await client.GetAsync(new Uri("/health/live", UriKind.Relative))).IsSuccessStatusCode, VerifyTimeout);
        using var ended = new CancellationTokenSource();
        var restarting = RestartWhenAskedAsync(ended.Token);

        await using var verify = ServerProcess.StartDotnet("dx", ["adapter", "verify", "--config", "verify.yaml", "--json", "--junit", "junit.xml"], workingFolder: _folder.Path);
        var code = await verify.WaitForExitAsync(VerifyTimeout);
        await ended.CancelAsync();
        await restarting;

        using var report = JsonDocument.Parse(verify.Output.Split('\n').Single(line => line.StartsWith('{')));
        Assert.That(Of(report, "broken"), Is.Empty, _adapter.Output);
        Assert.That(Of(report, "not_run").Select(line => line[..line.IndexOf(' ', StringComparison.Ordinal)]), Is.EqualTo(new[] { "TLS-5", "STR-11", "FET-7" }));
        Assert.That(code, Is.Zero);
        Assert.That(File.Exists(_folder["junit.xml"]));
    }

    private static IEnumerable<string> Of(JsonDocument report, string outcome) => report.RootElement.GetProperty("rules").EnumerateArray()
        .Where(rule => rule.GetProperty("outcome").GetString() == outcome).Select(rule => $"{rule.GetProperty("rule")} {rule.GetProperty("seen")}");

    /// <summary>The command waits until its file is gone: then the new process has been started.</summary>
    private async Task RestartWhenAskedAsync(CancellationToken ended)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!ended.IsCancellationRequested)
        {
            if (File.Exists(_folder["restart"]))
            {
                await _adapter.KillAsync();
                await _adapter.DisposeAsync();
                _adapter = StartAdapter();
                File.Delete(_folder["restart"]);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    private ServerProcess StartAdapter() => ServerProcess.StartDotnet("dx-adapter", ["run", "--config", _folder["adapter.yaml"]], new Dictionary<string, string>
    {
        ["DX_Adapter__HubAddress"] = $"https://127.0.0.1:{_hubPort}",
        ["DX_Adapter__HubKeyIds__0"] = TestCertificates.KeyIdOf(_certificates.Hub),
        ["DX_Adapter__Port"] = _port.ToString(CultureInfo.InvariantCulture),
        ["DX_Management__Port"] = _managementPort.ToString(CultureInfo.InvariantCulture),
        ["DX_Adapter__StateFolder"] = _folder["state"],
        ["DX_Tls__TrustDomain"] = TestCertificates.TrustDomain,
        ["DX_Tls__CertificatePath"] = _folder["certificates/department-licensing.pem"],
        ["DX_Tls__KeyPath"] = _folder["certificates/department-licensing.key"],
        ["DX_Tls__RootPath"] = _folder["certificates/root.pem"],
    });

    private string Verify()
    {
        var program = Path.Combine(AppContext.BaseDirectory, "dx-adapter.dll");
        return $$"""
            department: licensing
            address: https://127.0.0.1:{{_port}}
            catalogue_path: catalogue.yaml
            listen: 127.0.0.1:{{_hubPort}}
            hub:
              trust_domain: {{TestCertificates.TrustDomain}}
              certificate_path: certificates/hub-{{Hub}}.pem
              key_path: certificates/hub-{{Hub}}.key
              root_path: certificates/root.pem
            others:
              - {certificate_path: certificates/department-licensing.pem, key_path: certificates/department-licensing.key}
            commands:
              check: [dotnet, {{program}}, check, --config, adapter.yaml]
              check_bad:
                - [dotnet, {{program}}, check, --config, wrong.yaml]
              change: [cp, more.csv, data/licences.csv]
              withdraw: [cp, fewer.csv, data/licences.csv]
              restart: [sh, -c, "touch restart; while [ -e restart ]; do sleep 0.1; done"]
            limits: {answer: "00:00:05", change: "00:01:00", restart: "00:02:00", command: "00:02:00"}
            """;
    }
}
