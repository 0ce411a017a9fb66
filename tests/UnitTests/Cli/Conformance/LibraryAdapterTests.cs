using DataExchange.Cli.Conformance;
using DataExchange.UnitTests.Adapter;
using DataExchange.UnitTests.Hosting;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Conformance;

/// <summary>An adapter in code, on the library, beside a hub that applies what it publishes.</summary>
internal sealed class LibraryAdapterTests
{
    private const string Catalogue = """
        departments:
          - id: tax
            name: Tax
            adapter: https://127.0.0.1:7443
            keys: [{file: department.pem, uses: [tls, signing]}]
        schemes:
          - {name: person, pattern: "[0-9]{1,9}"}
        attributes:
          - {id: tax/name, title: Name, type: text, holding: held}
          - {id: tax/income, title: Income, type: text, holding: located}
        """;

    [Test]
    public async Task Adapter_OnTheLibrary_BreaksNoRule()
    {
        await using var adapter = await AdapterFixture.StartAsync(options => (options.BatchChangesMax, options.OutboxTailBatches) = (10, 1_000));
        adapter.Source.Add(100);
        adapter.Source.AddLocated("4711", "4712");
        await adapter.CurrentAsync(102);
        await File.WriteAllTextAsync(adapter.Folder["catalogue.yaml"], Catalogue);
        await File.WriteAllTextAsync(adapter.Folder["verify.yaml"], $$"""
            department: tax
            address: {{adapter.Address}}
            catalogue_path: catalogue.yaml
            hub: {trust_domain: {{TestAuthority.TrustDomain}}, certificate_path: hub.pem, key_path: hub.key, root_path: root.pem}
            others:
              - {certificate_path: department.pem, key_path: department.key}
            commands:
              change: [touch, change]
            """);
        var config = VerifyFile.Load(adapter.Folder["verify.yaml"], out var errors);
        Assert.That(errors, Is.Empty);

        using var ended = new CancellationTokenSource();
        var changing = ChangeWhenAskedAsync(adapter, ended.Token);
        var verdicts = await new ConformanceRun(config!).RunAsync(_ => { }, CancellationToken.None);
        await ended.CancelAsync();
        await changing;

        Assert.That(verdicts.All.Where(verdict => verdict.Outcome == Outcome.Broken), Is.Empty);
        Assert.That(verdicts.All.Where(verdict => verdict.Outcome == Outcome.NotRun).Select(verdict => verdict.Rule.Id), Is.EqualTo(new[]
        {
            "TLS-5", "CFG-1", "CFG-2", "STR-11", "VAL-4", "FET-7", "CHG-2", "RST-1", "RST-2", "RST-3",
        }));
    }

    private static async Task ChangeWhenAskedAsync(AdapterFixture adapter, CancellationToken ended)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!ended.IsCancellationRequested)
        {
            if (File.Exists(adapter.Folder["change"]))
            {
                File.Delete(adapter.Folder["change"]);
                adapter.Source.Add(1);
            }

            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
