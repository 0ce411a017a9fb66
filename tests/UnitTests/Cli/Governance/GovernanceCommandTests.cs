using System.CommandLine;
using System.Text.Json;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Cli;
using DataExchange.Cli.Catalogue;
using DataExchange.Cli.Governance;
using DataExchange.Cli.Hosts;
using DataExchange.Testing;
using DataExchange.UnitTests.Broker.Governance;
using Google.Protobuf.WellKnownTypes;
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
        foreach (var (name, role, department) in new[]
        {
            ("tax-ann", "manage", "tax"), ("tax-bob", "manage", "tax"), ("ann", "manage", null), ("bob", "manage", null), ("op", "operate", null), ("eve", "audit", null),
        })
        {
            string[] of = department is null ? [] : ["--department", department];
            Assert.That((await RunAsync(["dev", "token", name, "--role", role, .. of, "--keys", _hub.Folder["persons"], "--out", _hub.Folder[$"{name}.token"]])).Code, Is.Zero);
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
        File.WriteAllText(_hub.Folder["wanted.yaml"], CatalogueWriter.Write(_hub.File() with { Attributes = [.. _hub.File().Attributes.Take(2)] }));

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
    public async Task Explain_LookupOfTheCallerOrAsAnAuditor_SaysWhyAndHowToApply()
    {
        await _hub.AuditAsync(new Wire.AuditEntry
        {
            RecordedAt = Timestamp.FromDateTimeOffset(DateTimeOffset.UnixEpoch), RequestId = "r-1", Consumer = "housing", Purpose = "rent", LegalBasis = "Act", CaseId = "c-1",
            Attributes = { GovernanceHub.Income, GovernanceHub.Informants }, Decision = Wire.Decision.Refused, Reason = "NOT_GRANTED",
        });

        var own = await AsAsync("housing", null, "explain", "r-1");
        var auditor = await AsAsync("tax", "eve", "explain", "r-1", "--json");
        var other = await AsAsync("tax", null, "explain", "r-1");
        var manager = await AsAsync("tax", "ann", "explain", "r-1");

        Assert.Multiple(() =>
        {
            Assert.That((own.Code, auditor.Code, manager.Code), Is.EqualTo((0, 0, ExitCode.Denied)));
            Assert.That(other.Code, Is.Not.Zero);
            Assert.That(own.Output, Does.Contain("1970-01-01T00:00:00Z housing, purpose rent, legal basis Act, case c-1").And.Contain("refused: NOT_GRANTED").And.Contain("entry 0"));
            Assert.That(own.Output.ReplaceLineEndings(" "), Does.Contain("RequestGrant"));
            Assert.That(Json(auditor).GetProperty("lookups")[0].GetProperty("attributes")[1].GetProperty("rule").GetString(), Does.Contain("Tax Code, section 30"));
            Assert.That(other.Error, Does.StartWith("refused: NOT_FOUND"));
            Assert.That(manager.Error, Does.StartWith("refused: ROLE_MISSING"));
        });
    }

    [Test]
    public async Task Person_Withdrawn_CanDoNothingMore()
    {
        var proposed = await AsAsync("tax", "ann", "department", "suspend", "housing", "--reason", "try");
        var person = $"{DevelopmentIssuer.Name} ann";

        var withdrawn = await AsAsync("tax", "op", "person", "withdraw", person);
        var after = await AsAsync("tax", "ann", "catalogue", "proposals");
        var unknown = await AsAsync("tax", "op", "person", "withdraw", $"{DevelopmentIssuer.Name} nobody");
        var byManager = await AsAsync("tax", "bob", "person", "withdraw", person);

        Assert.That((proposed.Code, withdrawn.Code), Is.EqualTo((0, 0)));
        Assert.That(withdrawn.Output, Is.EqualTo("Withdrawn: tokens issued until now count no more.\n"));
        Assert.That(after.Error, Does.StartWith("refused: TOKEN_REFUSED"));
        Assert.That(unknown.Error, Does.StartWith("refused: NOT_FOUND"));
        Assert.That(byManager.Error, Does.StartWith("refused: ROLE_MISSING"));
    }

    [Test]
    public async Task RevokeKey_OfADepartment_IsInForceAtOnceAndGoneFromTheCatalogue()
    {
        var keyId = _hub.File().Keys.Single(key => key.Department.Value == "housing").KeyId;

        var revoked = await AsAsync("tax", "op", "department", "revoke-key", keyId, "--reason", "stolen", "--json");
        var proposal = Json(revoked).GetProperty("proposal");
        var confirmed = await AsAsync("tax", "bob", "department", "approve", proposal.GetProperty("id").GetString()!, "--hash", proposal.GetProperty("content_hash").GetString()!);
        var again = await AsAsync("tax", "op", "department", "revoke-key", keyId, "--reason", "stolen");

        Assert.That((revoked.Code, confirmed.Code), Is.EqualTo((0, 0)));
        Assert.That(proposal.GetProperty("state").GetString(), Is.EqualTo("PROPOSAL_STATE_UNCONFIRMED"));
        Assert.That((await _hub.Store.ReadAsync(default)).File.Keys.Select(key => key.Department.Value), Is.EqualTo(new[] { "tax" }));
        Assert.That(confirmed.Output, Does.Contain("In force as catalogue version 2."));
        Assert.That(again.Error, Does.StartWith("refused: NOT_FOUND"));
    }

    [Test]
    public async Task CatalogueApply_AmendedThenWithdrawn_CountsForNothing()
    {
        File.WriteAllText(_hub.Folder["wanted.yaml"], CatalogueWriter.Write(_hub.File() with { Attributes = [.. _hub.File().Attributes.Take(2)] }));
        File.WriteAllText(_hub.Folder["better.yaml"], CatalogueWriter.Write(_hub.File() with { Attributes = [.. _hub.File().Attributes.Take(1)] }));
        var first = Json(await AsAsync("tax", "ann", "catalogue", "apply", _hub.Folder["wanted.yaml"], "--reason", "fewer", "--json")).GetProperty("proposal");
        var (id, hash) = (first.GetProperty("id").GetString()!, first.GetProperty("content_hash").GetString()!);

        var amended = Json(await AsAsync("tax", "ann", "catalogue", "apply", _hub.Folder["better.yaml"], "--reason", "fewer still", "--amends", id, "--json")).GetProperty("proposal");
        var stale = await AsAsync("tax", "bob", "catalogue", "approve", id, "--hash", hash);
        var byAnother = await AsAsync("tax", "bob", "catalogue", "withdraw", id);
        var withdrawn = await AsAsync("tax", "ann", "catalogue", "withdraw", id);
        var late = await AsAsync("tax", "bob", "catalogue", "approve", id, "--hash", amended.GetProperty("content_hash").GetString()!);

        Assert.That((amended.GetProperty("id").GetString(), amended.GetProperty("content_hash").GetString() == hash), Is.EqualTo((id, false)));
        Assert.That(withdrawn.Code, Is.Zero);
        Assert.That(stale.Error, Does.StartWith("refused: PROPOSAL_CHANGED"));
        Assert.That(withdrawn.Output, Does.Contain("withdrawn").And.Contain("Nothing was changed."));
        Assert.That(byAnother.Error, Does.StartWith("refused: ROLE_MISSING"));
        Assert.That(late.Error, Does.StartWith("refused: PROPOSAL_CLOSED"));
        Assert.That((await _hub.Store.ReadAsync(default)).Version, Is.EqualTo(1));
        // The audit log has all of it, in that order, and nobody's name.
        Assert.That(_hub.Acts().Select(act => act.Kind), Is.EqualTo(new[]
        {
            Wire.GovernanceActKind.PersonAdmitted, Wire.GovernanceActKind.Proposed, Wire.GovernanceActKind.Proposed, Wire.GovernanceActKind.Withdrawn,
        }));
        Assert.That(_hub.Acts()[1].ContentHash.ToByteArray(), Is.EqualTo(Convert.FromHexString(hash)));
        Assert.That(_hub.Acts().Select(act => act.Person).Distinct().Single(), Has.Length.EqualTo(16));
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
