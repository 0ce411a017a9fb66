using System.CommandLine;
using System.Text.Json;
using DataExchange.Cli;
using DataExchange.Cli.Catalogue;
using DataExchange.Cli.Governance;
using DataExchange.Cli.Hosts;
using DataExchange.Testing;
using DataExchange.UnitTests.Broker.Governance;
using NUnit.Framework;

namespace DataExchange.UnitTests.Cli.Governance;

/// <summary>The commands against a hub, as two managers of the tax office, two of the exchange, and a housing office that asks.</summary>
[TestFixture]
public sealed class GovernanceCommandTests
{
    private GovernanceHub _hub = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _hub = await GovernanceHub.StartAsync();
        foreach (var (name, department) in new[] { ("tax-ann", "tax"), ("tax-bob", "tax"), ("ann", null), ("bob", null) })
        {
            string[] of = department is null ? [] : ["--department", department];
            Assert.That((await RunAsync(["dev", "token", name, "--role", "manage", .. of, "--keys", _hub.Folder["persons"], "--out", _hub.Folder[$"{name}.token"]])).Code, Is.Zero);
        }
    }

    [TearDown]
    public async Task StopAsync() => await _hub.DisposeAsync();

    [Test]
    public async Task Grant_RequestedAnsweredApprovedAndRevoked_IsInTheListings()
    {
        var request = await AsAsync("housing", null, "grant", "request", GovernanceHub.Income, "--purpose", "rent", "--legal-basis", "Housing Act", "--until", Soon(), "--json");
        var id = Json(request).GetProperty("request").GetProperty("id").GetString()!;

        var first = await AsAsync("tax", "tax-ann", "grant", "approve", id, "--json");
        var proposal = Json(first).GetProperty("proposal");
        var (proposalId, hash) = (proposal.GetProperty("id").GetString()!, proposal.GetProperty("content_hash").GetString()!);
        var own = await AsAsync("tax", "tax-ann", "grant", "approve", proposalId, "--hash", hash);
        var shown = await AsAsync("tax", "tax-bob", "grant", "approve", proposalId);
        var approved = await AsAsync("tax", "tax-bob", "grant", "approve", proposalId, "--hash", hash);
        var list = await AsAsync("housing", null, "grant", "list");
        var revoked = await AsAsync("tax", "tax-bob", "grant", "revoke", "housing", GovernanceHub.Income, "--purpose", "rent", "--reason", "misused");

        Assert.Multiple(() =>
        {
            Assert.That((request.Code, first.Code, own.Code, shown.Code, approved.Code, list.Code, revoked.Code), Is.EqualTo((0, 0, ExitCode.Denied, 0, 0, 0, 0)));
            Assert.That(own.Error, Does.StartWith("refused: SAME_PERSON"));
            Assert.That(shown.Output, Does.Contain(hash).And.Contain("\"consumer\": \"housing\"").And.Contain("open"));
            Assert.That(approved.Output, Does.Contain("In force as catalogue version 2."));
            Assert.That(list.Output, Does.Contain("granted"));
            Assert.That(revoked.Output, Does.Contain("In force. Waits until"));
        });
    }

    [Test]
    public async Task Grant_Refused_NamesTheReasonsAndNotSharedTheLaw()
    {
        var id = Json(await AsAsync("housing", null, "grant", "request", GovernanceHub.Income, "--purpose", "rent", "--legal-basis", "Act", "--until", Soon(), "--json"))
            .GetProperty("request").GetProperty("id").GetString()!;

        var refused = await AsAsync("tax", "tax-ann", "grant", "refuse", id, "--reasons", "The act names no tenants.");
        var secret = await AsAsync("housing", null, "grant", "request", GovernanceHub.Informants, "--purpose", "rent", "--legal-basis", "Act", "--until", Soon());

        Assert.That((refused.Code, secret.Code), Is.EqualTo((0, ExitCode.Denied)));
        Assert.That(refused.Output, Does.Contain("refused: The act names no tenants."));
        Assert.That(secret.Error, Does.Contain("ATTRIBUTE_NOT_SHARED").And.Contain("Tax Code, section 30"));
    }

    [Test]
    public async Task Department_RegisteredApprovedSuspended_IsToldEachTime()
    {
        var key = _hub.Certificates.Department("newcomer").CertificatePath;
        var registered = Json(await AsAsync("tax", "ann", "department", "register", "newcomer", "--name", "Newcomer", "--key", key, "--reason", "joins", "--json")).GetProperty("proposal");

        var approved = await AsAsync("tax", "bob", "department", "approve", registered.GetProperty("id").GetString()!, "--hash", registered.GetProperty("content_hash").GetString()!);
        var suspended = await AsAsync("tax", "bob", "department", "suspend", "newcomer", "--reason", "key stolen");
        var again = await AsAsync("tax", "bob", "department", "suspend", "newcomer", "--reason", "key stolen");

        Assert.That((approved.Code, suspended.Code, again.Code), Is.EqualTo((0, 0, 0)));
        Assert.That(suspended.Output, Does.Contain("\"suspended\": true").And.Contain("In force."));
        Assert.That(again.Output, Is.EqualTo("No change: it was so already.\n"));
    }

    [Test]
    public async Task CatalogueApply_OnceNotEmpty_IsAProposalAndPolicyTryTellsItsEffect()
    {
        File.WriteAllText(_hub.Folder["wanted.yaml"], DataExchange.Broker.Catalogue.Reading.CatalogueWriter.Write(_hub.File() with { Attributes = [.. _hub.File().Attributes.Take(2)] }));

        var direct = await RunAsync("catalogue", "apply", _hub.Folder["wanted.yaml"], "--database", $"sqlite:{_hub.Folder["catalogue.db"]}");
        var tried = await AsAsync("tax", "ann", "policy", "try", _hub.Folder["wanted.yaml"], "--days", "7");
        var proposed = await AsAsync("tax", "ann", "catalogue", "apply", _hub.Folder["wanted.yaml"], "--reason", "no informants");
        var list = await AsAsync("tax", "bob", "catalogue", "proposals", "--waiting");

        Assert.That((direct.Code, tried.Code, proposed.Code, list.Code), Is.EqualTo((ExitCode.Denied, 0, 0, 0)));
        Assert.That(direct.Error, Does.Contain("takes two persons"));
        Assert.That(tried.Output, Does.Contain("0 answers gained, 0 lost"));
        Assert.That(proposed.Output, Does.Contain("\"reason\": \"no informants\"").And.Contain("Waits until"));
        Assert.That(list.Output, Does.Contain("open"));
    }

    [Test]
    [Platform(Exclude = "Win")]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public async Task Token_FileOfOthersOrKeyOfOthers_IsAMatterOfUsage()
    {
        File.SetUnixFileMode(_hub.Folder["ann.token"], UnixFileMode.UserRead | UnixFileMode.OtherRead);
        File.SetUnixFileMode(_hub.Folder["persons/development.key.pem"], UnixFileMode.UserRead | UnixFileMode.GroupRead);

        Assert.That(() => AsAsync("tax", "ann", "catalogue", "proposals"), Throws.TypeOf<UsageException>().With.Message.Contains("0600"));
        Assert.That(
            () => RunAsync("dev", "token", "ann", "--role", "manage", "--keys", _hub.Folder["persons"]), Throws.TypeOf<UsageException>().With.Message.Contains("0600"));
        Assert.That((await RunAsync("dev", "token", "ann", "--role", "king")).Code, Is.Not.Zero);
    }

    private static string Soon() => TimeProvider.System.GetUtcNow().AddMonths(3).ToString("yyyy-MM-dd");

    private static JsonElement Json((int Code, string Output, string Error) result) => JsonDocument.Parse(result.Output).RootElement;

    private Task<(int Code, string Output, string Error)> AsAsync(string department, string? person, params string[] arguments) => RunAsync(
    [
        .. arguments, "--hub", _hub.Address.ToString(), "--hub-name", TestCertificates.BrokerId, "--trust-domain", TestCertificates.TrustDomain,
        "--certificates", _hub.Certificates.Folder, "--as", department, .. person is null ? Array.Empty<string>() : ["--token-file", _hub.Folder[$"{person}.token"]],
    ]);

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var configuration = new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false };
        var root = new RootCommand
        {
            GovernanceCommands.Grant(), GovernanceCommands.Policy(), GovernanceCommands.Person(), GovernanceCommands.Explain(), CatalogueCommand.Create(), HostCommands.Department(),
            new Command("dev") { TokenCommand.Create() },
        };
        var code = await root.Parse(arguments).InvokeAsync(configuration);
        return (code, output.ToString(), error.ToString());
    }
}
