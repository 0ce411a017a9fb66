using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Governance;

/// <summary>Proposals of changes, and their second person: see <see cref="FourEyes"/> for when one counts.</summary>
internal sealed class Proposals(CatalogueStore store, CatalogueWatcher watcher, IOptions<GovernanceOptions> options)
{
    private const int ReasonLengthMax = 1_000;

    /// <summary>A proposal has to fit into the answers that show it.</summary>
    private const int ContentBytesMax = 2 * 1024 * 1024;

    /// <summary>A person of the exchange proposes what the whole catalogue shall be.</summary>
    /// <param name="amends">The open proposal whose content it takes the place of; empty for a new one.</param>
    /// <exception cref="Grpc.Core.RpcException">As every method here, refused.</exception>
    public Task<ProposalRow> ProposeAsync(
        Person person, Func<CatalogueFile, CatalogueFile> wanted, string reason, string amends, CancellationToken cancellationToken)
    {
        RequireReason(reason, "reason");
        return store.ChangeAsync(
            async change =>
            {
                await Persons.AdmitAsync(change, person, PersonRole.Manage);
                Require(person.IsOfExchange);
                var changes = CatalogueChanges.Between(change.File, wanted(change.File));
                return amends.Length == 0 ? Add(change, person, null, reason, changes) : await AmendAsync(change, person, amends, reason, changes);
            },
            cancellationToken);
    }

    public async Task<ProposalRow> ApproveAsync(Person person, string id, string contentHash, CancellationToken cancellationToken)
    {
        var approved = await store.ChangeAsync(
            async change =>
            {
                await Persons.AdmitAsync(change, person, PersonRole.Manage, PersonRole.Operate);
                var proposal = await FindAsync(change, person, id);
                var proposer = await Persons.KnownAsync(change, proposal.ProposedBy);
                if (FourEyes.RefusalOfApproval(proposal, person, contentHash, proposer, change.Now) is { } refusal)
                    throw ExchangeError.Of(refusal).ToRpcException();

                var decided = proposal with { State = ProposalState.Applied, DecidedBy = person.Id, DecidedAt = change.Now };
                return change.Replace(proposal, proposal.State == ProposalState.Unconfirmed ? decided : await ApplyAsync(change, decided));
            },
            cancellationToken);
        await watcher.RefreshAsync(cancellationToken);
        return approved;
    }

    public Task<ProposalRow> WithdrawAsync(Person person, string id, CancellationToken cancellationToken) => store.ChangeAsync(
        async change =>
        {
            await Persons.AdmitAsync(change, person, PersonRole.Manage);
            var proposal = await FindAsync(change, person, id);
            if (FourEyes.RefusalOfChange(proposal, person, change.Now) is { } refusal)
                throw ExchangeError.Of(refusal).ToRpcException();
            return change.Replace(proposal, proposal with { State = ProposalState.Withdrawn, DecidedBy = person.Id, DecidedAt = change.Now });
        },
        cancellationToken,
        catalogue: false);

    public Task<ProposalRow> GetAsync(Person person, string id, CancellationToken cancellationToken) => store.ChangeAsync(
        async change =>
        {
            await Persons.AdmitAsync(change, person, PersonRole.Manage, PersonRole.Operate, PersonRole.Audit);
            return await FindAsync(change, person, id);
        },
        cancellationToken,
        catalogue: false);

    /// <summary>Newest first.</summary>
    /// <param name="before">Id of the last one given; null for the first page.</param>
    public Task<List<ProposalRow>> ListAsync(Person person, bool waitingOnly, string? before, int count, CancellationToken cancellationToken) => store.ChangeAsync(
        async change =>
        {
            await Persons.AdmitAsync(change, person, PersonRole.Manage, PersonRole.Operate, PersonRole.Audit);
            var rows = change.Rows<ProposalRow>();
            if (person.Department is { } department)
                rows = rows.Where(row => row.Scope == department);
            if (waitingOnly)
                rows = rows.Where(row => row.State == ProposalState.Unconfirmed || (row.State == ProposalState.Open && row.ExpiresAt > change.Now));
            if (before is not null)
                rows = rows.Where(row => string.Compare(row.Id, before) < 0);
            return await rows.OrderByDescending(row => row.Id).Take(count).ToListAsync(cancellationToken);
        },
        cancellationToken,
        catalogue: false);

    /// <summary>Adds a proposal to an act that has admitted its person.</summary>
    public ProposalRow Add(CatalogueTransaction change, Person person, DepartmentId? scope, string reason, CatalogueChanges changes, string? grantRequest = null)
    {
        RequireKept(change, changes);
        return change.Add(New(change, person, scope, reason, changes) with { GrantRequest = grantRequest });
    }

    /// <summary>Adds one that the act itself has put in force.</summary>
    public ProposalRow AddUnconfirmed(CatalogueTransaction change, Person person, DepartmentId? scope, string reason, CatalogueChanges changes) =>
        change.Add(New(change, person, scope, reason, changes) with { State = ProposalState.Unconfirmed, AppliedVersion = change.Version });

    /// <summary>Sorts by time; the rest is random.</summary>
    public static string NewId(string kind, DateTimeOffset now) => string.Create(
        CultureInfo.InvariantCulture, $"{kind}-{now.ToUnixTimeMilliseconds():x11}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(6))}");

    public static void Require(bool entitled)
    {
        if (!entitled)
            throw ExchangeError.Of(ErrorReasons.RoleMissing).ToRpcException();
    }

    public static void RequireReason(string text, string field)
    {
        if (text.Length is 0 or > ReasonLengthMax || string.IsNullOrWhiteSpace(text) || text.Any(c => char.IsControl(c) && c != '\n'))
            throw ExchangeError.Invalid([new FieldError(field, $"must be 1 to {ReasonLengthMax} characters without control characters")]).ToRpcException();
    }

    private ProposalRow New(CatalogueTransaction change, Person person, DepartmentId? scope, string reason, CatalogueChanges changes)
    {
        var id = NewId("p", change.Now);
        var content = Write(id, reason, changes);
        return new ProposalRow(
            id, content, CatalogueJson.HashOf(content), scope, change.Version, person.Id, person.Role, person.Department, change.Now,
            change.Now + options.Value.ApproveWithin, ProposalState.Open);
    }

    private static string Write(string id, string reason, CatalogueChanges changes)
    {
        var content = CatalogueJson.Write(new ProposalContent(id, reason, changes));
        return Encoding.UTF8.GetByteCount(content) <= ContentBytesMax
            ? content
            : throw ExchangeError.Invalid([new FieldError("catalogue", $"must change less at once: at most {ContentBytesMax} bytes of canonical text")]).ToRpcException();
    }

    private async Task<ProposalRow> AmendAsync(CatalogueTransaction change, Person person, string id, string reason, CatalogueChanges changes)
    {
        var proposal = await FindAsync(change, person, id);
        if (FourEyes.RefusalOfChange(proposal, person, change.Now) is { } refusal)
            throw ExchangeError.Of(refusal).ToRpcException();
        RequireKept(change, changes);
        var content = Write(id, reason, changes);
        return change.Replace(proposal, proposal with
        {
            Content = content,
            ContentHash = CatalogueJson.HashOf(content),
            BaseVersion = change.Version,
            ProposedAt = change.Now,
            ExpiresAt = change.Now + options.Value.ApproveWithin,
        });
    }

    /// <summary>Checked again, now that it is to be in force: it may be a day old.</summary>
    private static async Task<ProposalRow> ApplyAsync(CatalogueTransaction change, ProposalRow proposal)
    {
        var changes = CatalogueJson.Read(proposal.Content).Changes;
        var result = changes.On(change.File) ?? throw ExchangeError.Of(ErrorReasons.CatalogueMoved).ToRpcException();
        if (CatalogueRules.Broken(changes, result, change.Now) is { Count: > 0 } broken)
            throw (ExchangeError.Of(ErrorReasons.CatalogueMoved) with { Fields = broken }).ToRpcException();
        change.Apply(changes, result);
        if (proposal.GrantRequest is { } id && await change.Rows<GrantRequestRow>().SingleOrDefaultAsync(row => row.Id == id) is { } request)
            change.Replace(request, request with { State = GrantRequestState.Granted, DecidedBy = proposal.DecidedBy, DecidedAt = change.Now });
        return proposal with { AppliedVersion = change.Version };
    }

    private static void RequireKept(CatalogueTransaction change, CatalogueChanges changes)
    {
        if (changes.IsEmpty)
            throw ExchangeError.Of(ErrorReasons.NoChange).ToRpcException();
        if (CatalogueRules.Broken(changes, changes.On(change.File)!, change.Now) is { Count: > 0 } broken)
            throw ExchangeError.Invalid(broken).ToRpcException();
    }

    /// <summary>What is not the person's affair is not there.</summary>
    private static async Task<ProposalRow> FindAsync(CatalogueTransaction change, Person person, string id)
    {
        var proposal = await change.Rows<ProposalRow>().SingleOrDefaultAsync(row => row.Id == id);
        return proposal is not null && person.Covers(proposal.Scope) ? proposal : throw ExchangeError.Of(ErrorReasons.NotFound).ToRpcException();
    }
}
