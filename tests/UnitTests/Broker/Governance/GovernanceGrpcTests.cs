using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Cli.Governance;
using DataExchange.Contracts;
using DataExchange.Testing;
using DataExchange.UnitTests.Broker.Audit;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Google.Rpc;
using Grpc.Core;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Governance;

/// <summary>Every act over the wire, by the certificates and tokens of those who do it.</summary>
[TestFixture]
public sealed class GovernanceGrpcTests
{
    private GovernanceHub _hub = null!;

    [SetUp]
    public async Task StartAsync() => _hub = await GovernanceHub.StartAsync();

    [TearDown]
    public async Task StopAsync() => await _hub.DisposeAsync();

    [Test]
    public async Task Grant_ByTheOwnersTwoPersons_IsListedAtOnceAndRevokedByOne()
    {
        var (ann, bob) = (_hub.Connect(GovernanceHub.Tax, _hub.Token("ann", "manage", "tax")), _hub.Connect(GovernanceHub.Tax, _hub.Token("bob", "manage", "tax")));
        var request = await _hub.RequestAsync(GovernanceHub.Income);
        Assert.That((request.State, request.Consumer, request.Overdue), Is.EqualTo((Wire.GrantRequestState.Waiting, "housing", false)));

        var proposal = (await ann.ApproveGrantRequestAsync(new() { Id = request.Id })).Proposal;
        Assert.That(proposal.ContentHash, Is.EqualTo(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(proposal.Content)))));
        AssertRefused(() => ann.ApproveProposal(new() { Id = proposal.Id, ContentHash = proposal.ContentHash }), "SAME_PERSON", StatusCode.PermissionDenied);
        AssertRefused(() => bob.ApproveProposal(new() { Id = proposal.Id, ContentHash = new string('0', 64) }), "PROPOSAL_CHANGED", StatusCode.FailedPrecondition);
        var applied = (await bob.ApproveProposalAsync(new() { Id = proposal.Id, ContentHash = proposal.ContentHash })).Proposal;

        Assert.That((applied.State, applied.AppliedVersion), Is.EqualTo((Wire.ProposalState.Applied, 2L)));
        var grant = (await _hub.Connect(GovernanceHub.Housing).ListMyGrantsAsync(new())).Grants.Single();
        Assert.That((grant.Attribute.Name, grant.Purpose, grant.ValidUntil), Is.EqualTo(("income", "rent", request.ValidUntil)));
        var revoked = (await bob.RevokeGrantAsync(new() { Consumer = "housing", Attribute = grant.Attribute, Purpose = "rent", Reason = "misused" })).Proposal;
        Assert.That(revoked.State, Is.EqualTo(Wire.ProposalState.Unconfirmed));
        Assert.That((await _hub.Connect(GovernanceHub.Housing).ListMyGrantsAsync(new())).Grants, Is.Empty);
        await ann.ApproveProposalAsync(new() { Id = revoked.Id, ContentHash = revoked.ContentHash });
        Assert.That((await ann.RevokeGrantAsync(new() { Consumer = "housing", Attribute = grant.Attribute, Purpose = "rent", Reason = "misused" })).Proposal, Is.Null);
    }

    [Test]
    public async Task RequestGrant_ByItsClass_IsGrantedRefusedOrNamedAtFault()
    {
        Assert.That((await _hub.RequestAsync(GovernanceHub.OfficeHours)).State, Is.EqualTo(Wire.GrantRequestState.Granted));

        var refusal = (await Assert.ThrowsAsync<RpcException>(() => _hub.RequestAsync(GovernanceHub.Informants)))!;
        Assert.That(Reason(refusal), Is.EqualTo("ATTRIBUTE_NOT_SHARED"));
        Assert.That(refusal.Status.Detail, Does.Contain("Owner: tax.").And.Contain("Tax Code, section 30"));

        var housing = _hub.Connect(GovernanceHub.Housing);
        var now = TimeProvider.System.GetUtcNow();
        var faulty = Assert.Throws<RpcException>(() => housing.RequestGrant(new() { Purpose = "rent*", LegalBasis = " ", ValidFrom = now.ToTimestamp(), ValidUntil = now.AddYears(2).ToTimestamp() }))!;
        Assert.That(
            faulty.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field), Is.EqualTo(new[] { "attribute", "purpose", "legal_basis", "valid_until" }));
        AssertRefused(() => housing.RequestGrant(Request("tax/unknown", now.AddDays(1))), "REQUEST_INVALID", StatusCode.InvalidArgument);
        AssertRefused(() => housing.RequestGrant(Request(GovernanceHub.Income, now.AddDays(-1))), "REQUEST_INVALID", StatusCode.InvalidArgument);
        AssertRefused(
            () => housing.RequestGrant(new() { Attribute = AttributeId.Parse(GovernanceHub.Income).ToWire(), Purpose = "rent", LegalBasis = "Act", ValidUntil = new Timestamp { Seconds = long.MaxValue } }),
            "REQUEST_INVALID", StatusCode.InvalidArgument);
    }

    [Test]
    public async Task RefuseGrantRequest_WithReasons_ShowsThemToTheConsumer()
    {
        var request = await _hub.RequestAsync(GovernanceHub.Income);

        await _hub.Connect(GovernanceHub.Tax, _hub.Token("ann", "manage", "tax")).RefuseGrantRequestAsync(new() { Id = request.Id, Reasons = "The act names no tenants." });

        var seen = (await _hub.Connect(GovernanceHub.Housing).ListGrantRequestsAsync(new())).Requests.Single();
        Assert.That((seen.State, seen.Reasons), Is.EqualTo((Wire.GrantRequestState.Refused, "The act names no tenants.")));
        Assert.That((await _hub.Connect(GovernanceHub.Housing).ListGrantRequestsAsync(new() { WaitingOnly = true })).Requests, Is.Empty);
    }

    [Test]
    public async Task Token_ThatMustNotCount_IsRefused()
    {
        var request = await _hub.RequestAsync(GovernanceHub.Income);
        var past = TimeProvider.System.GetUtcNow().AddHours(-3);
        var stranger = DevelopmentIssuer.Open(_hub.Folder["stranger"]);

        Assert.Multiple(() =>
        {
            AssertApproval(null, "TOKEN_MISSING", StatusCode.Unauthenticated);
            AssertApproval("not.a.token", "TOKEN_REFUSED", StatusCode.Unauthenticated);
            AssertApproval(_hub.Token("ann", ["manage"], "tax", now: past), "TOKEN_REFUSED", StatusCode.Unauthenticated);
            AssertApproval(_hub.Token("ann", ["manage"], "tax", validFor: TimeSpan.FromDays(30)), "TOKEN_REFUSED", StatusCode.Unauthenticated);
            AssertApproval(stranger.Sign("ann", ["manage"], "tax", TimeSpan.FromHours(1), TimeProvider.System.GetUtcNow()), "TOKEN_REFUSED", StatusCode.Unauthenticated);
            AssertApproval(Unsigned(_hub.Token("ann", "manage", "tax")), "TOKEN_REFUSED", StatusCode.Unauthenticated);
            AssertApproval(_hub.Token("ann", ["manage", "operate"], "tax"), "ROLE_CONFLICT", StatusCode.PermissionDenied);
            AssertApproval(_hub.Token("ann", "janitor", "tax"), "ROLE_MISSING", StatusCode.PermissionDenied);
            AssertApproval(_hub.Token("ann", "audit", "tax"), "ROLE_MISSING", StatusCode.PermissionDenied);
            AssertApproval(_hub.Token("ann", "manage", "housing"), "ROLE_MISSING", StatusCode.PermissionDenied);
            AssertApproval(_hub.Token("ann", "manage"), "ROLE_MISSING", StatusCode.PermissionDenied);
            AssertRefused(
                () => _hub.Connect(GovernanceHub.Housing, _hub.Token("eve", "manage", "housing")).ApproveGrantRequest(new() { Id = request.Id }), "NOT_FOUND", StatusCode.NotFound);
        });
        Assert.That(_hub.Logs.All.Select(log => log.Message), Has.None.Contains("ann"), "no subject in the log");

        void AssertApproval(string? token, string reason, StatusCode code) =>
            AssertRefused(() => _hub.Connect(GovernanceHub.Tax, token).ApproveGrantRequest(new() { Id = request.Id }), reason, code);
    }

    [Test]
    public async Task ProposeCatalogue_ApprovedByASecond_IsInForceAndWithdrawnOnesAreNot()
    {
        var (ann, bob) = (_hub.Connect(GovernanceHub.Tax, _hub.Token("ann", "manage")), _hub.Connect(GovernanceHub.Housing, _hub.Token("bob", "manage")));
        var wanted = _hub.File() with { Calendar = [new CalendarDayConfig(new DateOnly(2026, 12, 25), Working: false)] };
        var ask = new Wire.ProposeCatalogueRequest { Catalogue = CatalogueWriter.Write(wanted), Reason = "Christmas" };

        var first = (await ann.ProposeCatalogueAsync(ask)).Proposal;
        await ann.WithdrawProposalAsync(new() { Id = first.Id });
        AssertRefused(() => bob.ApproveProposal(new() { Id = first.Id, ContentHash = first.ContentHash }), "PROPOSAL_CLOSED", StatusCode.FailedPrecondition);
        var second = (await ann.ProposeCatalogueAsync(ask)).Proposal;
        Assert.That((await bob.ListProposalsAsync(new() { WaitingOnly = true })).Proposals.Select(p => (p.Id, p.Content)), Is.EqualTo(new[] { (second.Id, "") }));
        var read = (await bob.GetProposalAsync(new() { Id = second.Id })).Proposal;
        await bob.ApproveProposalAsync(new() { Id = read.Id, ContentHash = read.ContentHash });

        Assert.That((await _hub.Store.ReadAsync(default)).File.Calendar, Is.EqualTo(wanted.Calendar));
        AssertRefused(() => ann.ProposeCatalogue(ask), "NO_CHANGE", StatusCode.FailedPrecondition);
        var broken = Assert.Throws<RpcException>(() => ann.ProposeCatalogue(new() { Catalogue = "departments: [{id: TAX}]", Reason = "why" }))!;
        Assert.That(broken.GetRpcStatus()!.GetDetail<BadRequest>()!.FieldViolations.Select(v => v.Field), Does.Contain("catalogue.departments[0].id"));
    }

    [Test]
    public async Task RegisterDepartment_Approved_LetsItInAndSuspensionPutsItOutWithinFiveSeconds()
    {
        var (ann, bob) = (_hub.Connect(GovernanceHub.Tax, _hub.Token("ann", "manage")), _hub.Connect(GovernanceHub.Tax, _hub.Token("bob", "manage")));
        var newcomer = _hub.Connect("newcomer");
        AssertRefused(() => newcomer.ListDepartments(new()), "DEPARTMENT_UNKNOWN", StatusCode.PermissionDenied);
        var register = new Wire.RegisterDepartmentRequest
        {
            Id = "newcomer", Name = "Newcomer", Reason = "joins", Keys = { new Wire.DepartmentKey { Pem = _hub.PemOf("newcomer"), Tls = true } },
        };

        await ApproveAsync((await ann.RegisterDepartmentAsync(register)).Proposal);
        Assert.That((await newcomer.ListDepartmentsAsync(new())).Departments.Select(d => d.Id), Does.Contain("newcomer"));
        await ann.SuspendDepartmentAsync(new() { Id = "newcomer", Reason = "key stolen" });
        await Eventually.Async("put out", () => IsRefused(newcomer), TimeSpan.FromSeconds(5));
        await ApproveAsync((await ann.RegisterDepartmentAsync(new() { Id = "newcomer", Reason = "key is back" })).Proposal);
        Assert.That(IsRefused(newcomer), Is.False, "registered again");
        await ann.RevokeKeyAsync(new() { KeyId = TestCertificates.KeyIdOf(_hub.Certificates.Department("newcomer")), Reason = "no, it is not" });
        Assert.That(IsRefused(newcomer));

        async Task ApproveAsync(Wire.Proposal proposal) => await bob.ApproveProposalAsync(new() { Id = proposal.Id, ContentHash = proposal.ContentHash });
    }

    [Test]
    public async Task WithdrawRole_OfAManager_EndsTokensAndOpenProposals()
    {
        var ann = _hub.Connect(GovernanceHub.Tax, _hub.Token("ann", ["manage"], now: TimeProvider.System.GetUtcNow().AddSeconds(-2)));
        var proposal = (await ann.RegisterDepartmentAsync(new() { Id = "tax", Name = "Revenue", Reason = "renamed" })).Proposal;

        await _hub.Connect(GovernanceHub.Tax, _hub.Token("op", "operate")).WithdrawRoleAsync(new() { Person = proposal.ProposedBy });

        AssertRefused(() => ann.ListProposals(new()), "TOKEN_REFUSED", StatusCode.Unauthenticated);
        AssertRefused(
            () => _hub.Connect(GovernanceHub.Tax, _hub.Token("bob", "manage")).ApproveProposal(new() { Id = proposal.Id, ContentHash = proposal.ContentHash }),
            "PROPOSAL_CLOSED", StatusCode.FailedPrecondition);
        AssertRefused(() => _hub.Connect(GovernanceHub.Tax, _hub.Token("bob", "manage")).WithdrawRole(new() { Person = "nobody" }), "ROLE_MISSING", StatusCode.PermissionDenied);
    }

    [Test]
    public async Task TryCatalogue_OverTheAuditLog_TellsWhatWouldBeGainedAndChangesNothing()
    {
        var now = TimeProvider.System.GetUtcNow();
        await _hub.AuditAsync(
            Entry("r-old", "housing", now.AddDays(-40), GovernanceHub.Income),
            Entry("r-1", "housing", now.AddDays(-2), GovernanceHub.Income),
            Entry("r-2", "housing", now.AddDays(-1), GovernanceHub.Income, GovernanceHub.OfficeHours));
        var wanted = _hub.File() with
        {
            Grants = [new(DepartmentId.Parse("housing"), AttributeId.Parse(GovernanceHub.Income), "rent", "Housing Act", now.AddDays(-1), now.AddDays(30))],
        };
        var ask = new Wire.TryCatalogueRequest { Catalogue = CatalogueWriter.Write(wanted), Days = 7 };

        var trial = await _hub.Connect(GovernanceHub.Tax, _hub.Token("eve", "audit")).TryCatalogueAsync(ask);

        var change = trial.Changes.Single();
        Assert.That((change.Consumer, change.Attribute, change.Gained, change.Lost), Is.EqualTo(("housing", GovernanceHub.Income, 1L, 0L)), "the second asks for more than is granted");
        Assert.That(trial.Lookups, Is.EqualTo(2), "the oldest is out of the window");
        Assert.That(await _hub.Store.ReadVersionAsync(default), Is.EqualTo(1));
        AssertRefused(() => _hub.Connect(GovernanceHub.Tax, _hub.Token("ann", "manage", "tax")).TryCatalogue(ask), "ROLE_MISSING", StatusCode.PermissionDenied);
        AssertRefused(() => _hub.Connect(GovernanceHub.Tax).TryCatalogue(ask), "TOKEN_MISSING", StatusCode.Unauthenticated);
    }

    [Test]
    public async Task ExplainLookup_InALogThatIsClosed_IsFoundThere()
    {
        await _hub.AuditAsync(new Wire.AuditEntry { RecordedAt = TimeProvider.System.GetUtcNow().ToTimestamp(), RequestId = "old", Consumer = GovernanceHub.Housing });
        var closed = _hub.Audit.LogId;
        await AuditTestLog.RotateAsync(_hub.Audit);
        await _hub.AuditAsync(new Wire.AuditEntry { RecordedAt = TimeProvider.System.GetUtcNow().ToTimestamp(), RequestId = "new", Consumer = GovernanceHub.Housing });

        var housing = _hub.Connect(GovernanceHub.Housing);

        Assert.That((await housing.ExplainLookupAsync(new() { RequestId = "old" })).Lookups.Select(l => (l.LogId, l.EntryIndex)), Is.EqualTo(new[] { (closed, 0UL) }));
        Assert.That((await housing.ExplainLookupAsync(new() { RequestId = "new" })).Lookups.Select(l => (l.LogId, l.EntryIndex)), Is.EqualTo(new[] { (_hub.Audit.LogId, 1UL) }));
    }

    [Test]
    public async Task Acts_OfAGrantFromRequestToRevocation_StandInTheAuditLogInTheirOrder()
    {
        var (ann, bob) = (_hub.Connect(GovernanceHub.Tax, _hub.Token("tax-ann", "manage", "tax")), _hub.Connect(GovernanceHub.Tax, _hub.Token("tax-bob", "manage", "tax")));
        var request = await _hub.RequestAsync(GovernanceHub.Income);
        var proposal = (await ann.ApproveGrantRequestAsync(new() { Id = request.Id })).Proposal;
        await bob.ApproveProposalAsync(new() { Id = proposal.Id, ContentHash = proposal.ContentHash });
        var cutOff = (await bob.RevokeGrantAsync(new() { Consumer = GovernanceHub.Housing, Attribute = AttributeId.Parse(GovernanceHub.Income).ToWire(), Purpose = "rent", Reason = "misused" })).Proposal;

        var acts = _hub.Acts();

        Assert.That(acts.Select(act => (act.Kind, act.Id, act.CatalogueVersion)), Is.EqualTo(new[]
        {
            (Wire.GovernanceActKind.GrantRequested, request.Id, 0L),
            (Wire.GovernanceActKind.PersonAdmitted, "", 0),
            (Wire.GovernanceActKind.Proposed, proposal.Id, 0),
            (Wire.GovernanceActKind.PersonAdmitted, "", 0),
            (Wire.GovernanceActKind.Approved, proposal.Id, 2),
            (Wire.GovernanceActKind.CutOff, cutOff.Id, 3),
        }));
        Assert.That((acts[2].Person, acts[4].Person, acts[5].Person), Is.EqualTo((acts[1].Person, acts[3].Person, acts[3].Person)));
        Assert.That(acts[1].Person, Is.Not.EqualTo(acts[3].Person));
        Assert.That((acts[2].ContentHash, acts[4].ContentHash), Is.EqualTo((ByteString.CopyFrom(Convert.FromHexString(proposal.ContentHash)), acts[2].ContentHash)));
    }

    [Test]
    public async Task Acts_PersonWithdrawnAndBack_SayWhoWithdrewAndThatThePersonIsBack()
    {
        await _hub.Connect(GovernanceHub.Tax, _hub.Token("tax-ann", "manage", "tax")).ListProposalsAsync(new());
        await _hub.Connect(GovernanceHub.Tax, _hub.Token("op", "operate")).WithdrawRoleAsync(new() { Person = $"{DevelopmentIssuer.Name} tax-ann" });
        var later = TimeProvider.System.GetUtcNow().AddSeconds(2);
        await _hub.Connect(GovernanceHub.Tax, _hub.Token("tax-ann", ["manage"], "tax", now: later)).ListProposalsAsync(new());

        var acts = _hub.Acts();

        var admitted = Wire.GovernanceActKind.PersonAdmitted;
        Assert.That(acts.Select(act => act.Kind), Is.EqualTo(new[] { admitted, admitted, Wire.GovernanceActKind.PersonWithdrawn, admitted }));
        var (ann, op, withdrawn, again) = (acts[0], acts[1], acts[2], acts[3]);
        Assert.That((withdrawn.Person, withdrawn.By), Is.EqualTo((ann.Person, op.Person)));
        Assert.That((again.Person, again.By), Is.EqualTo((ann.Person, ByteString.Empty)));
    }

    [Test]
    public async Task Acts_AuditLogTakesNothing_DoNotHappen()
    {
        _hub.Logs.Expect("HealthCheckEnd");
        var version = await _hub.Store.ReadVersionAsync(default);
        _hub.Audit.Withheld = ExchangeError.Of(ErrorReasons.AuditUnavailable);

        AssertRefused(() => _hub.Connect(GovernanceHub.Tax, _hub.Token("ann", "manage")).SuspendDepartment(new() { Id = GovernanceHub.Housing, Reason = "try" }), "AUDIT_UNAVAILABLE", StatusCode.Unavailable);

        _hub.Audit.Withheld = null;
        Assert.That(await _hub.Store.ReadVersionAsync(default), Is.EqualTo(version));
        Assert.That((await _hub.Store.ReadAsync(default)).File.Departments.Select(department => department.Suspended), Is.All.False);
        Assert.That((await _hub.Connect(GovernanceHub.Tax, _hub.Token("ann", "manage")).ListProposalsAsync(new())).Proposals, Is.Empty);
    }

    [Test]
    public async Task ExplainLookup_ItsConsumerOrAnAuditor_IsTheOnlyOneToldWhy()
    {
        await _hub.AuditAsync(Entry("r-1", "housing", TimeProvider.System.GetUtcNow(), GovernanceHub.Income, "tax/unheard-of", GovernanceHub.Informants));

        var explained = (await _hub.Connect(GovernanceHub.Housing).ExplainLookupAsync(new() { RequestId = "r-1" })).Lookups.Single();

        Assert.That((explained.Reason, explained.Allowed, explained.EntryIndex), Is.EqualTo(("NOT_GRANTED", false, 0UL)));
        Assert.That(explained.Attributes.Select(a => (a.Attribute, a.Owner, a.GrantedNow)), Is.EqualTo(new[]
        {
            (GovernanceHub.Income, "tax", false), ("tax/unheard-of", "tax", false), (GovernanceHub.Informants, "tax", false),
        }));
        Assert.That(explained.Attributes[2].Rule, Does.Contain("Tax Code, section 30"));
        Assert.That(explained.Attributes[0].HowToApply, Is.EqualTo("CatalogueService.RequestGrant"));
        AssertRefused(() => _hub.Connect(GovernanceHub.Tax).ExplainLookup(new() { RequestId = "r-1" }), "NOT_FOUND", StatusCode.NotFound);
        AssertRefused(
            () => _hub.Connect(GovernanceHub.Tax, _hub.Token("ann", "manage")).ExplainLookup(new() { RequestId = "r-1" }), "ROLE_MISSING", StatusCode.PermissionDenied);
        Assert.That((await _hub.Connect(GovernanceHub.Tax, _hub.Token("eve", "audit")).ExplainLookupAsync(new() { RequestId = "r-1" })).Lookups, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Call_DatabaseGone_IsUnavailableAndNoFault()
    {
        var ann = _hub.Connect(GovernanceHub.Tax, _hub.Token("ann", "manage"));
        File.Move(_hub.Folder["catalogue.db"], _hub.Folder["gone.db"]);

        AssertRefused(() => ann.ListProposals(new()), "CATALOGUE_UNAVAILABLE", StatusCode.Unavailable);
        var refusal = await Assert.ThrowsAsync<RpcException>(() => _hub.RequestAsync(GovernanceHub.Income));
        Assert.That(Reason(refusal!), Is.EqualTo("CATALOGUE_UNAVAILABLE"));

        File.Move(_hub.Folder["gone.db"], _hub.Folder["catalogue.db"]);
        Assert.That((await ann.ListProposalsAsync(new())).Proposals, Is.Empty);
    }

    [Test]
    public async Task ListGrantRequests_PageByPage_GivesEachOnceNewestFirst()
    {
        var ids = new List<string>();
        foreach (var purpose in new[] { "one", "two", "three", "four", "five" })
            ids.Insert(0, (await _hub.RequestAsync(GovernanceHub.Income, purpose)).Id);
        var tax = _hub.Connect(GovernanceHub.Tax);

        var seen = new List<string>();
        for (var token = ""; seen.Count == 0 || token.Length > 0;)
        {
            var page = await tax.ListGrantRequestsAsync(new() { PageSize = 2, PageToken = token });
            seen.AddRange(page.Requests.Select(r => r.Id));
            token = page.NextPageToken;
        }

        Assert.That(seen, Is.EquivalentTo(ids).And.Ordered.Descending.Using((IComparer<string>)StringComparer.Ordinal));
        AssertRefused(() => tax.ListGrantRequests(new() { PageToken = "Zm9v" }), "REQUEST_INVALID", StatusCode.InvalidArgument);
    }

    private static Wire.RequestGrantRequest Request(string attribute, DateTimeOffset until) =>
        new() { Attribute = AttributeId.Parse(attribute).ToWire(), Purpose = "rent", LegalBasis = "Housing Act", ValidUntil = until.ToTimestamp() };

    private static Wire.AuditEntry Entry(string requestId, string consumer, DateTimeOffset at, params string[] attributes) => new()
    {
        RequestId = requestId,
        Consumer = consumer,
        RecordedAt = at.ToTimestamp(),
        Purpose = "rent",
        LegalBasis = "Housing Act",
        Decision = Wire.Decision.Refused,
        Reason = "NOT_GRANTED",
        Attributes = { attributes },
    };

    /// <summary>The same claims with algorithm "none" and no signature.</summary>
    private static string Unsigned(string token)
    {
        var header = Convert.ToBase64String("{\"alg\":\"none\",\"typ\":\"JWT\"}"u8).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        return $"{header}.{token.Split('.')[1]}.";
    }

    private static bool IsRefused(Wire.CatalogueService.CatalogueServiceClient client)
    {
        try
        {
            client.ListDepartments(new());
            return false;
        }
        catch (RpcException)
        {
            return true;
        }
    }

    private static void AssertRefused(Action call, string reason, StatusCode code)
    {
        var refusal = Assert.Throws<RpcException>(() => call());
        Assert.That((Reason(refusal!), refusal!.StatusCode), Is.EqualTo((reason, code)));
    }

    private static string Reason(RpcException refusal) => refusal.GetRpcStatus()!.GetDetail<ErrorInfo>()!.Reason;
}
