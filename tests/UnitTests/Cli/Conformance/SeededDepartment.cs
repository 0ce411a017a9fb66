using System.Security.Cryptography.X509Certificates;
using DataExchange.Cli.Conformance;
using DataExchange.Testing;
using DataExchange.UnitTests.Hosting;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Conformance;

/// <summary>A seeded adapter with its certificates, its catalogue and its file for the kit, to be spoiled before it is verified.</summary>
internal sealed class SeededDepartment : IAsyncDisposable
{
    private const string Catalogue = """
        departments:
          - id: tax
            name: Tax
            adapter: https://127.0.0.1:7443
            keys: [{file: tax.pem, uses: [tls, signing]}]
          - id: housing
            name: Housing
            keys: [{file: housing.pem, uses: [tls, signing]}]
        schemes:
          - {name: body, pattern: "B[0-9]{1,12}"}
        attributes:
          - {id: tax/income, title: Income, type: integer, holding: held}
          - {id: tax/return, title: Return, type: text, holding: located}
          - {id: housing/address, title: Address, type: text, holding: held}
        link_rights:
          - {department: tax, schemes: [body, cn-resident]}
        """;

    private readonly TestAuthority _authority = new();
    private readonly Dictionary<string, X509Certificate2> _certificates = [];

    public SeededDepartment()
    {
        Issue("hub", "hub/hub1");
        Issue("expired", "hub/hub1", ends: -1);
        Issue("tax", "department/tax");
        Issue("housing", "department/housing");
        Issue("renewed", "department/tax");
        Server = new SeededServer(_authority.Root, _certificates["hub"], _certificates["tax"]);
        Adapter = new SeededAdapter(Folder.Path, _certificates["tax"]) { Ends = Server.Break };
        File.WriteAllText(Folder["catalogue.yaml"], Catalogue);
    }

    public TempFolder Folder { get; } = new();

    public SeededAdapter Adapter { get; }

    public SeededServer Server { get; }

    /// <summary>Lines of the file for the kit that a test replaces.</summary>
    public Dictionary<string, string> Replaced { get; } = [];

    public X509Certificate2 this[string certificate] => _certificates[certificate];

    public string KeyIdOf(string certificate) => DataExchange.Contracts.KeyId.Of(_certificates[certificate]);

    /// <summary>The file's path, once the adapter listens.</summary>
    public async Task<string> StartAsync()
    {
        await Server.StartAsync(Adapter);
        var yaml = $$"""
            department: tax
            address: {{Server.Address}}
            catalogue_path: catalogue.yaml
            hub: {trust_domain: {{TestAuthority.TrustDomain}}, certificate_path: hub.pem, key_path: hub.key, root_path: root.pem}
            expired: {certificate_path: expired.pem, key_path: expired.key}
            others:
              - {certificate_path: tax.pem, key_path: tax.key}
              - {certificate_path: housing.pem, key_path: housing.key}
            revoked: {consumer: housing, purpose: rent, legal_basis: Housing Act, case: c1}
            commands:
              check: ["true"]
              check_bad:
                - [sh, -c, "echo it is wrong; exit 2"]
              change: [touch, change]
              withdraw: [touch, withdraw]
              restart: [touch, restart]
            limits: {answer: "00:00:05", change: "00:00:20", restart: "00:00:20", load_calls: 60}
            """;
        foreach (var (from, to) in Replaced)
        {
            Assert.That(yaml, Does.Contain(from));
            yaml = yaml.Replace(from, to, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(Folder["verify.yaml"], yaml);
        return Folder["verify.yaml"];
    }

    public async Task<Verdicts> VerifyAsync()
    {
        var config = VerifyFile.Load(await StartAsync(), out var errors);
        Assert.That(errors, Is.Empty);
        return await new ConformanceRun(config!).RunAsync(_ => { }, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        foreach (var certificate in _certificates.Values)
            certificate.Dispose();
        _authority.Dispose();
        Folder.Dispose();
    }

    private void Issue(string file, string name, int ends = 1)
    {
        var certificate = _authority.Issue([$"spiffe://{TestAuthority.TrustDomain}/{name}"], [TestAuthority.ServerUse, TestAuthority.ClientUse], startsInDays: -3, endsInDays: ends);
        _authority.Save(certificate, Folder.Path, file);
        _certificates[file] = certificate;
    }
}
