using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Broker.Governance;
using DataExchange.Contracts;
using DataExchange.Testing;
using DataExchange.UnitTests.Broker.Catalogue;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Governance;

/// <summary>What governance promises, whatever database is beneath it. It is a Monday, 08:00 UTC, and the sample catalogue is in force.</summary>
public abstract class GovernanceContract
{
    private static readonly DepartmentId Owner = DepartmentId.Parse("civil-affairs");
    private static readonly DepartmentId Consumer = DepartmentId.Parse("housing");
    private static readonly AttributeId Unconditional = AttributeId.Parse("civil-affairs/marital-status");
    private static readonly AttributeId Conditional = AttributeId.Parse("civil-affairs/address");

    private readonly IOptions<GovernanceOptions> _options = Options.Create(new GovernanceOptions());
    private FakeTimeProvider _clock = null!;
    private CatalogueStore _store = null!;
    private CatalogueWatcher _watcher = null!;
    private CatalogueState _state = null!;
    private LogCapture _logs = null!;
    private Proposals _proposals = null!;
    private GrantRequests _requests = null!;
    private CutOffs _cutOffs = null!;

    /// <summary>An empty database of its own for each test.</summary>
    private protected abstract Task<CatalogueDatabase> CreateDatabaseAsync();

    [SetUp]
    public async Task PrepareAsync()
    {
        _clock = new FakeTimeProvider(new DateTimeOffset(2026, 2, 2, 8, 0, 0, TimeSpan.Zero));
        _logs = new LogCapture();
        _state = new CatalogueState();
        _store = new CatalogueStore(await CreateDatabaseAsync(), _clock);
        _watcher = new CatalogueWatcher(_store, _state, Options.Create(new CatalogueOptions()), _clock, new Logger<CatalogueWatcher>(new LoggerFactory([_logs])));
        await _watcher.RefreshAsync(default);
        await _store.ApplyAsync(SampleCatalogue.File(SampleCatalogue.Yaml), default);
        _proposals = new Proposals(_store, _watcher, _options);
        _requests = new GrantRequests(_store, _watcher, _proposals, _options);
        _cutOffs = new CutOffs(_store, _watcher, _proposals);
    }

    [TearDown]
    public void End()
    {
        _watcher.Dispose();
        _logs.VerifyNoErrors();
        _logs.Dispose();
    }

    [Test]
    public async Task Request_Unconditional_IsGrantedAtOnce()
    {
        var request = await _requests.RequestAsync(Asked(Unconditional), default);

        Assert.That(request.State, Is.EqualTo(GrantRequestState.Granted));
        Assert.That(_state.Current!.Grants, Contains.Key(new GrantKey(Consumer, Unconditional, "tenancy")));
    }

    [Test]
    public async Task Request_Conditional_WaitsTenWorkingDaysAndTwiceIsOne()
    {
        var request = await _requests.RequestAsync(Asked(Conditional), default);
        var again = await _requests.RequestAsync(Asked(Conditional), default);

        Assert.That((request.State, request.DueAt), Is.EqualTo((GrantRequestState.Waiting, new DateTimeOffset(2026, 2, 17, 0, 0, 0, TimeSpan.Zero))));
        Assert.That(again.Id, Is.EqualTo(request.Id));
        Assert.That(_state.Current?.Grants.ContainsKey(new GrantKey(Consumer, Conditional, "tenancy")), Is.Not.True);
    }

    [Test]
    public async Task Request_MoreThanADayAllows_IsRefusedUntilTheNext()
    {
        var requests = new GrantRequests(_store, _watcher, _proposals, Options.Create(new GovernanceOptions { RequestsPerDayMax = 2 }));
        foreach (var purpose in new[] { "one", "two" })
            await requests.RequestAsync(Asked(Unconditional) with { Purpose = purpose }, default);

        Assert.That(await ReasonAsync(() => requests.RequestAsync(Asked(Unconditional) with { Purpose = "three" }, default)), Is.EqualTo("TOO_MANY_REQUESTS"));
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.That(await ReasonAsync(() => requests.RequestAsync(Asked(Unconditional) with { Purpose = "three" }, default)), Is.Null);
    }

    [Test]
    public async Task ApplyFirst_OnAnEmptyCatalogueOnly_Applies()
    {
        var store = new CatalogueStore(await CreateDatabaseAsync(), _clock);
        await store.PrepareAsync(default);
        var file = SampleCatalogue.File(SampleCatalogue.Yaml);

        Assert.That((await store.ApplyFirstAsync(file, default))!.Version, Is.EqualTo(1));
        Assert.That((await store.ApplyFirstAsync(file, default))!.IsEmpty, "the same again is no change");
        Assert.That(await store.ApplyFirstAsync(file with { Grants = [] }, default), Is.Null);
        Assert.That(await store.ReadVersionAsync(default), Is.EqualTo(1));
    }

    [Test]
    public async Task Request_NotShared_IsRefusedWithOwnerAndLaw()
    {
        var file = SampleCatalogue.File(SampleCatalogue.Yaml);
        await _store.ApplyAsync(file with { Attributes = [.. file.Attributes, Secret()] }, default);

        var refusal = await RefusalAsync(() => _requests.RequestAsync(Asked(Secret().Id), default));

        Assert.That(refusal.Reason, Is.EqualTo("ATTRIBUTE_NOT_SHARED"));
        Assert.That((refusal.Metadata["owner"], refusal.Metadata["legalSource"]), Is.EqualTo(("civil-affairs", "Witness Protection Act")));
    }

    [Test]
    public async Task Approve_ByTheOwnersTwoPersons_GrantsExactlyWhatWasAsked()
    {
        var request = await _requests.RequestAsync(Asked(Conditional), default);
        var proposal = await _requests.ApproveAsync(Ann(Owner), request.Id, default);

        Assert.That(await ReasonAsync(() => _requests.ApproveAsync(Bob(Owner), request.Id, default)), Is.EqualTo("REQUEST_CLOSED"), "answered already");
        Assert.That(await ReasonAsync(() => _proposals.ApproveAsync(Ann(Owner), proposal.Id, proposal.ContentHash, default)), Is.EqualTo("SAME_PERSON"));
        Assert.That(await ReasonAsync(() => _proposals.ApproveAsync(Bob(Consumer), proposal.Id, proposal.ContentHash, default)), Is.EqualTo("NOT_FOUND"), "no affair of the consumer");
        var applied = await _proposals.ApproveAsync(Bob(Owner), proposal.Id, proposal.ContentHash, default);

        Assert.That((applied.State, applied.AppliedVersion, applied.DecidedBy), Is.EqualTo((ProposalState.Applied, (long?)2, Bob(Owner).Id)));
        Assert.That(
            _state.Current!.Grants[new GrantKey(Consumer, Conditional, "tenancy")],
            Is.EqualTo(new GrantModel("Tenancy Act", request.ValidFrom, request.ValidUntil)));
        Assert.That((await _requests.ListAsync(Consumer, null, false, null, 10, default)).Single().State, Is.EqualTo(GrantRequestState.Granted));
        Assert.That(await ReasonAsync(() => _proposals.ApproveAsync(Bob(Owner), proposal.Id, proposal.ContentHash, default)), Is.EqualTo("PROPOSAL_CLOSED"), "replayed");
    }

    [Test]
    public async Task Refuse_WithReasons_IsSeenByTheConsumerAndMayBeAskedAgain()
    {
        var request = await _requests.RequestAsync(Asked(Conditional), default);

        Assert.That(await ReasonAsync(() => _requests.RefuseAsync(Ann(Owner), request.Id, " ", default)), Is.EqualTo("REQUEST_INVALID"), "in writing");
        await _requests.RefuseAsync(Ann(Owner), request.Id, "The act names no tenants.", default);

        var seen = (await _requests.ListAsync(Consumer, null, false, null, 10, default)).Single();
        Assert.That((seen.State, seen.Reasons), Is.EqualTo((GrantRequestState.Refused, "The act names no tenants.")));
        Assert.That((await _requests.RequestAsync(Asked(Conditional), default)).Id, Is.Not.EqualTo(request.Id));
    }

    [Test]
    public async Task Watch_OwnerSilent_EscalatesOnceAndLetsTheExchangeAnswer()
    {
        var watch = new GovernanceWatch(_store, _options, _clock, new Logger<GovernanceWatch>(new LoggerFactory([_logs])));
        var request = await _requests.RequestAsync(Asked(Conditional), default);
        Assert.That(await ReasonAsync(() => _requests.ApproveAsync(Ann(), request.Id, default)), Is.EqualTo("ROLE_MISSING"), "the owner's clock runs");
        await watch.LookAsync(default);
        Assert.That(watch.Backlog.OverdueRequests, Is.Zero);

        _clock.SetUtcNow(request.DueAt);
        await watch.LookAsync(default);
        await watch.LookAsync(default);

        Assert.That(watch.Backlog.OverdueRequests, Is.EqualTo(1));
        Assert.That(_logs.All.Count(log => log.EventId.Name == "GrantRequestsEscalated"), Is.EqualTo(1));
        Assert.That((await new GovernanceHealthCheck(watch).CheckHealthAsync(new())).Status.ToString(), Is.EqualTo("Degraded"));
        var proposal = await _requests.ApproveAsync(Ann(), request.Id, default);
        await _proposals.ApproveAsync(Bob(), proposal.Id, proposal.ContentHash, default);
        await watch.LookAsync(default);
        Assert.That(watch.Backlog.OverdueRequests, Is.Zero);
    }

    [Test]
    public async Task Approve_AfterADay_IsTooLateAndTheRequestWaitsAgain()
    {
        var request = await _requests.RequestAsync(Asked(Conditional), default);
        var proposal = await _requests.ApproveAsync(Ann(Owner), request.Id, default);

        _clock.Advance(TimeSpan.FromHours(24));

        Assert.That(await ReasonAsync(() => _proposals.ApproveAsync(Bob(Owner), proposal.Id, proposal.ContentHash, default)), Is.EqualTo("PROPOSAL_CLOSED"));
        Assert.That((await _requests.ApproveAsync(Bob(Owner), request.Id, default)).Id, Is.Not.EqualTo(proposal.Id));
    }

    [Test]
    public async Task Approve_ContentAmendedMeanwhile_TakesTheNewHash()
    {
        var first = await ProposeTitleAsync(Ann(), "Civil status");
        var amended = await ProposeTitleAsync(Ann(), "Something else", first.Id);

        Assert.That(amended.Id, Is.EqualTo(first.Id));
        Assert.That(await ReasonAsync(() => _proposals.ApproveAsync(Bob(), first.Id, first.ContentHash, default)), Is.EqualTo("PROPOSAL_CHANGED"));
        await _proposals.ApproveAsync(Bob(), first.Id, amended.ContentHash, default);
        Assert.That(_state.Current!.Attributes[Unconditional].Title, Is.EqualTo("Something else"));
    }

    [Test]
    public async Task Approve_SameRowsChangedMeanwhile_IsRefusedAndOthersAreNot()
    {
        var (one, two) = (await ProposeTitleAsync(Ann(), "One"), await ProposeTitleAsync(Ann(), "Two"));
        var other = await _proposals.ProposeAsync(Ann(), file => file with { Calendar = [] }, "no holidays", "", default);
        await _proposals.ApproveAsync(Bob(), one.Id, one.ContentHash, default);

        Assert.That(await ReasonAsync(() => _proposals.ApproveAsync(Bob(), two.Id, two.ContentHash, default)), Is.EqualTo("CATALOGUE_MOVED"));
        Assert.That((await _proposals.ApproveAsync(Bob(), other.Id, other.ContentHash, default)).AppliedVersion, Is.EqualTo(3));
    }

    [Test]
    public async Task Approve_GrantExpiredMeanwhile_IsRefused()
    {
        var asked = Asked(Conditional) with { ValidUntil = _clock.GetUtcNow().AddHours(1) };
        var proposal = await _requests.ApproveAsync(Ann(Owner), (await _requests.RequestAsync(asked, default)).Id, default);

        _clock.Advance(TimeSpan.FromHours(2));

        Assert.That(await ReasonAsync(() => _proposals.ApproveAsync(Bob(Owner), proposal.Id, proposal.ContentHash, default)), Is.EqualTo("CATALOGUE_MOVED"));
    }

    [Test]
    public async Task Approve_ManyAtOnce_CountsOnce()
    {
        var proposal = await ProposeTitleAsync(Ann(), "Civil status");

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
            ReasonAsync(() => _proposals.ApproveAsync(Person($"approver-{i}", PersonRole.Manage, null), proposal.Id, proposal.ContentHash, default)))));

        Assert.That(outcomes.Count(reason => reason is null), Is.EqualTo(1));
        Assert.That(outcomes.Where(reason => reason is not null), Has.All.EqualTo("PROPOSAL_CLOSED"));
        Assert.That(await _store.ReadVersionAsync(default), Is.EqualTo(2));
    }

    [Test]
    public async Task Approve_WhileTheContentIsAmended_AppliesOnlyWhatWasApproved()
    {
        for (var round = 0; round < 5; round++)
        {
            var (proposed, amended) = ($"Proposed {round}", $"Amended {round}");
            var proposal = await ProposeTitleAsync(Ann(), proposed);

            await Task.WhenAll(
                Task.Run(() => ReasonAsync(() => ProposeTitleAsync(Ann(), amended, proposal.Id))),
                Task.Run(() => ReasonAsync(() => _proposals.ApproveAsync(Bob(), proposal.Id, proposal.ContentHash, default))));

            var (_, file) = await _store.ReadAsync(default);
            Assert.That(file.Attributes.Single(a => a.Id == Unconditional).Title, Is.Not.EqualTo(amended));
        }
    }

    [Test]
    public async Task Approve_ProposersRoleWithdrawn_IsRefused()
    {
        var proposal = await ProposeTitleAsync(Ann(), "Civil status");
        await Persons.WithdrawRoleAsync(_store, Person("op", PersonRole.Operate, null), Ann().Id, default);

        Assert.That(await ReasonAsync(() => _proposals.ApproveAsync(Bob(), proposal.Id, proposal.ContentHash, default)), Is.EqualTo("PROPOSAL_CLOSED"));
        Assert.That(await ReasonAsync(() => ProposeTitleAsync(Ann(), "Again")), Is.EqualTo("TOKEN_REFUSED"));
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.That(await ReasonAsync(() => ProposeTitleAsync(Ann(), "Again")), Is.Null, "a token issued since counts");
    }

    [Test]
    public async Task Approve_ApproversRoleWithdrawn_IsRefused()
    {
        var proposal = await ProposeTitleAsync(Ann(), "Civil status");
        var bob = Bob();
        await _proposals.GetAsync(bob, proposal.Id, default);
        await Persons.WithdrawRoleAsync(_store, Person("op", PersonRole.Operate, null), bob.Id, default);

        Assert.That(await ReasonAsync(() => _proposals.ApproveAsync(bob, proposal.Id, proposal.ContentHash, default)), Is.EqualTo("TOKEN_REFUSED"));
    }

    [Test]
    public async Task Admit_SecondRoleWhileTheFirstIsValid_IsRefused()
    {
        await ProposeTitleAsync(Ann(), "Civil status");
        var operating = Person("ann", PersonRole.Operate, null);

        Assert.That(await ReasonAsync(() => _cutOffs.SuspendAsync(operating, Owner, "why", default)), Is.EqualTo("ROLE_CONFLICT"));
        _clock.Advance(TimeSpan.FromHours(2));
        operating = Person("ann", PersonRole.Operate, null);
        Assert.That(await ReasonAsync(() => _cutOffs.SuspendAsync(operating, Owner, "why", default)), Is.Null, "the first has expired");
    }

    [Test]
    public async Task Suspend_ByOneOperator_IsInForceAtOnceAndConfirmedByASecond()
    {
        var watch = new GovernanceWatch(_store, _options, _clock, new Logger<GovernanceWatch>(new LoggerFactory([_logs])));
        var op = Person("op", PersonRole.Operate, null);

        var cut = await _cutOffs.SuspendAsync(op, Owner, "key stolen", default);

        Assert.That((cut!.State, cut.AppliedVersion, _state.Current!.Departments[Owner].Suspended), Is.EqualTo((ProposalState.Unconfirmed, (long?)2, true)));
        Assert.That(await _cutOffs.SuspendAsync(op, Owner, "key stolen", default), Is.Null, "again is no change");
        Assert.That(await ReasonAsync(() => _proposals.ApproveAsync(op, cut.Id, cut.ContentHash, default)), Is.EqualTo("SAME_PERSON"));
        _clock.Advance(TimeSpan.FromHours(25));
        await watch.LookAsync(default);
        Assert.That(watch.Backlog.UnconfirmedCutOffs, Is.EqualTo(1));
        Assert.That((await _proposals.ApproveAsync(Bob(), cut.Id, cut.ContentHash, default)).State, Is.EqualTo(ProposalState.Applied), "late is better than never");
        await watch.LookAsync(default);
        Assert.That(watch.Backlog.UnconfirmedCutOffs, Is.Zero);
    }

    [Test]
    public async Task Revoke_GrantAndKey_AreGoneAndAgainIsNoChange()
    {
        var key = new GrantKey(Consumer, Conditional, "rent-subsidy");
        var keyId = SampleCatalogue.File(SampleCatalogue.Yaml).Keys[0].KeyId;

        await _cutOffs.RevokeGrantAsync(Ann(Owner), key, "no longer", default);
        await _cutOffs.RevokeKeyAsync(Ann(Owner), keyId, "lost", default);

        Assert.That(_state.Current!.Grants, Does.Not.ContainKey(key));
        Assert.That(_state.Current.Departments[Owner].Keys, Is.Empty);
        Assert.That(await _cutOffs.RevokeGrantAsync(Ann(Owner), key, "no longer", default), Is.Null);
        Assert.That(await ReasonAsync(() => _cutOffs.RevokeKeyAsync(Bob(Consumer), keyId, "lost", default)), Is.EqualTo("NOT_FOUND"));
        Assert.That(await ReasonAsync(() => _cutOffs.SuspendAsync(Ann(Owner), Consumer, "out", default)), Is.EqualTo("ROLE_MISSING"), "not one department's affair");
    }

    [Test]
    public async Task Propose_WhatBreaksARule_IsRefusedAndTheSameIsNoChange()
    {
        var grants = SampleCatalogue.File(SampleCatalogue.Yaml).Grants;
        var tooLong = grants[0] with { Purpose = "long", ValidUntil = grants[0].ValidFrom.AddYears(1).AddSeconds(1) };

        Assert.Multiple(async () =>
        {
            Assert.That(await ReasonAsync(() => _proposals.ProposeAsync(Ann(), file => file, "same", "", default)), Is.EqualTo("NO_CHANGE"));
            Assert.That(await ReasonAsync(() => _proposals.ProposeAsync(Ann(), file => file with { Attributes = [] }, "dangling", "", default)), Is.EqualTo("REQUEST_INVALID"));
            Assert.That(
                await ReasonAsync(() => _proposals.ProposeAsync(Ann(), file => file with { Grants = [.. file.Grants, tooLong] }, "too long", "", default)),
                Is.EqualTo("REQUEST_INVALID"));
            Assert.That(await ReasonAsync(() => ProposeTitleAsync(Ann(Owner), "Mine")), Is.EqualTo("ROLE_MISSING"), "a person of a department");
            Assert.That(await ReasonAsync(() => ProposeTitleAsync(Person("eve", PersonRole.Audit, null), "Mine")), Is.EqualTo("ROLE_MISSING"));
        });
    }

    [Test]
    public async Task List_PageByPage_GivesNewestFirstAndOnlyWhatIsOnesAffair()
    {
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            ids.Insert(0, (await ProposeTitleAsync(Ann(), $"Title {i}")).Id);
            _clock.Advance(TimeSpan.FromSeconds(1));
        }

        var request = await _requests.RequestAsync(Asked(Conditional), default);
        var ofOwner = await _requests.ApproveAsync(Ann(Owner), request.Id, default);

        var first = await _proposals.ListAsync(Bob(), true, null, 3, default);
        var second = await _proposals.ListAsync(Bob(), true, first[^1].Id, 10, default);
        Assert.That(first.Concat(second).Select(p => p.Id), Is.EqualTo(new[] { ofOwner.Id }.Concat(ids)));
        Assert.That((await _proposals.ListAsync(Bob(Owner), false, null, 10, default)).Select(p => p.Id), Is.EqualTo(new[] { ofOwner.Id }));
        Assert.That(await _requests.ListAsync(DepartmentId.Parse("police"), null, false, null, 10, default), Is.Empty);
        Assert.That(await _requests.ListAsync(DepartmentId.Parse("police"), Person("eve", PersonRole.Audit, null), false, null, 10, default), Has.Count.EqualTo(1));
    }

    private static AttributeConfig Secret() => new(
        AttributeId.Parse("civil-affairs/witness"), "Protected witness", Wire.ValueType.Flag, Wire.Holding.Held, Sharing: Wire.Sharing.NotShared,
        LegalSource: "Witness Protection Act");

    private GrantConfig Asked(AttributeId attribute) => new(Consumer, attribute, "tenancy", "Tenancy Act", _clock.GetUtcNow(), _clock.GetUtcNow().AddMonths(6));

    private Task<ProposalRow> ProposeTitleAsync(Person person, string title, string amends = "") => _proposals.ProposeAsync(
        person,
        file => file with { Attributes = [.. file.Attributes.Select(a => a.Id == Unconditional ? a with { Title = title } : a)] },
        "a better title",
        amends,
        default);

    private Person Ann(DepartmentId? department = null) => Person(department is null ? "ann" : $"ann-{department}", PersonRole.Manage, department);

    private Person Bob(DepartmentId? department = null) => Person(department is null ? "bob" : $"bob-{department}", PersonRole.Manage, department);

    private Person Person(string name, PersonRole role, DepartmentId? department) =>
        new($"https://issuer.example {name}", role, department, _clock.GetUtcNow(), _clock.GetUtcNow().AddHours(1));

    private static async Task<string?> ReasonAsync<T>(Func<Task<T>> act)
    {
        try
        {
            await act();
            return null;
        }
        catch (RpcException refused)
        {
            return refused.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!.Reason;
        }
    }

    private static async Task<Google.Rpc.ErrorInfo> RefusalAsync<T>(Func<Task<T>> act)
    {
        try
        {
            await act();
        }
        catch (RpcException refused)
        {
            return refused.GetRpcStatus()!.GetDetail<Google.Rpc.ErrorInfo>()!;
        }

        throw new AssertionException("It was not refused.");
    }
}
