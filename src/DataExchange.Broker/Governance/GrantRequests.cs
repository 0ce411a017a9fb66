using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Governance;

/// <summary>Consumers' requests for grants, by the sharing class of what is asked for, and the owners' answers.</summary>
internal sealed class GrantRequests(CatalogueStore store, CatalogueWatcher watcher, Proposals proposals, IOptions<GovernanceOptions> options)
{
    /// <param name="asked">The tuple, canonical; the consumer is the caller.</param>
    public async Task<GrantRequestRow> RequestAsync(GrantConfig asked, CancellationToken cancellationToken)
    {
        var request = await store.ChangeAsync(
            async change =>
            {
                var attribute = change.File.Attributes.SingleOrDefault(a => a.Id == asked.Attribute)
                    ?? throw ExchangeError.Invalid([new FieldError("attribute", "must name a declared attribute")]).ToRpcException();
                var unchanged = await SameAsync(change, asked);
                return attribute.Sharing switch
                {
                    Wire.Sharing.NotShared => throw NotShared(attribute).ToRpcException(),
                    _ when unchanged is not null => unchanged,
                    _ when await IsOverLimitAsync(change, asked.Consumer) => throw ExchangeError.Of(ErrorReasons.TooManyRequests).ToRpcException(),
                    Wire.Sharing.Unconditional => Grant(change, asked),
                    _ => change.Add(NewRequest(change, asked)),
                };
            },
            cancellationToken);
        if (request.State == GrantRequestState.Granted)
            await watcher.RefreshAsync(cancellationToken);
        return request;
    }

    /// <summary>The owner's first person says yes, in a proposal that waits for a second.</summary>
    public Task<ProposalRow> ApproveAsync(Person person, string id, CancellationToken cancellationToken) => store.ChangeAsync(
        async change =>
        {
            var request = await FindToAnswerAsync(change, person, id);
            var changes = Granting(change.File, request.ToGrant());
            var proposal = proposals.Add(change, person, request.Owner, $"Answers grant request {id}", changes, id);
            change.Replace(request, request with { State = GrantRequestState.Proposed, Proposal = proposal.Id });
            return proposal;
        },
        cancellationToken);

    /// <summary>One person is enough: a refusal changes nothing in the catalogue, and the consumer may ask again.</summary>
    public Task<GrantRequestRow> RefuseAsync(Person person, string id, string reasons, CancellationToken cancellationToken)
    {
        Proposals.RequireReason(reasons, "reasons");
        return store.ChangeAsync(
            async change =>
            {
                var request = await FindToAnswerAsync(change, person, id);
                return change.Replace(
                    request, request with { State = GrantRequestState.Refused, Reasons = reasons, DecidedBy = person.Id, DecidedAt = change.Now });
            },
            cancellationToken,
            catalogue: false);
    }

    /// <summary>Newest first: those of a department, as consumer or owner, or all.</summary>
    /// <param name="person">Null without a token; of the exchange sees all.</param>
    public Task<List<GrantRequestRow>> ListAsync(
        DepartmentId caller, Person? person, bool waitingOnly, string? before, int count, CancellationToken cancellationToken) => store.ChangeAsync(
        async change =>
        {
            if (person is not null)
                await Persons.AdmitAsync(change, person, PersonRole.Manage, PersonRole.Operate, PersonRole.Audit);
            var rows = change.Rows<GrantRequestRow>();
            if (person is not { IsOfExchange: true })
                rows = rows.Where(row => row.Consumer == caller || row.Owner == caller);
            if (waitingOnly)
                rows = rows.Where(row => row.State == GrantRequestState.Waiting || row.State == GrantRequestState.Proposed);
            if (before is not null)
                rows = rows.Where(row => string.Compare(row.Id, before) < 0);
            return await rows.OrderByDescending(row => row.Id).Take(count).ToListAsync(cancellationToken);
        },
        cancellationToken,
        catalogue: false);

    /// <summary>The rule was approved by two when the attribute was declared unconditional: each grant under it needs nobody.</summary>
    private GrantRequestRow Grant(CatalogueTransaction change, GrantConfig asked)
    {
        var changes = Granting(change.File, asked);
        if (!changes.IsEmpty)
        {
            var result = changes.On(change.File)!;
            if (CatalogueRules.Broken(changes, result, change.Now) is { Count: > 0 } broken)
                throw ExchangeError.Invalid(broken).ToRpcException();
            change.Apply(changes, result);
        }

        return change.Add(NewRequest(change, asked) with { State = GrantRequestState.Granted, DueAt = change.Now, DecidedAt = change.Now });
    }

    private GrantRequestRow NewRequest(CatalogueTransaction change, GrantConfig asked) => new(
        Proposals.NewId("r", change.Now), asked.Consumer, asked.Attribute, asked.Attribute.Department, asked.Purpose, asked.LegalBasis, asked.ValidFrom, asked.ValidUntil,
        change.Now,
        WorkingDays.EndAfter(change.Now, options.Value.AnswerWorkingDays, change.File.Calendar, TimeZoneInfo.FindSystemTimeZoneById(options.Value.TimeZone)),
        GrantRequestState.Waiting);

    /// <summary>The same question while its answer is waited for is the same request.</summary>
    private static Task<GrantRequestRow?> SameAsync(CatalogueTransaction change, GrantConfig asked) => change.Rows<GrantRequestRow>()
        .Where(row => row.State == GrantRequestState.Waiting || row.State == GrantRequestState.Proposed)
        .Where(row => row.Consumer == asked.Consumer && row.Attribute == asked.Attribute && row.Purpose == asked.Purpose && row.LegalBasis == asked.LegalBasis)
        .OrderByDescending(row => row.Id)
        .FirstOrDefaultAsync(row => row.ValidUntil > change.Now);

    private async Task<bool> IsOverLimitAsync(CatalogueTransaction change, DepartmentId consumer)
    {
        var since = change.Now.AddDays(-1);
        return await change.Rows<GrantRequestRow>().CountAsync(row => row.Consumer == consumer && row.RequestedAt > since) >= options.Value.RequestsPerDayMax;
    }

    private static async Task<GrantRequestRow> FindToAnswerAsync(CatalogueTransaction change, Person person, string id)
    {
        await Persons.AdmitAsync(change, person, PersonRole.Manage);
        var request = await change.Rows<GrantRequestRow>().SingleOrDefaultAsync(row => row.Id == id);
        if (request is null || !person.Covers(request.Owner))
            throw ExchangeError.Of(ErrorReasons.NotFound).ToRpcException();
        if (person.IsOfExchange && change.Now < request.DueAt)
            throw new ExchangeError(ErrorReasons.RoleMissing, "The owner has until the end of its clock to answer; the exchange answers after that.").ToRpcException();
        var proposal = request.Proposal is null ? null : await change.Rows<ProposalRow>().SingleOrDefaultAsync(row => row.Id == request.Proposal);
        // A first yes that found no second in time is none.
        var waits = request.State == GrantRequestState.Waiting
            || (request.State == GrantRequestState.Proposed && (proposal is null || !FourEyes.IsOpen(proposal, change.Now)));
        return waits ? request : throw ExchangeError.Of(ErrorReasons.RequestClosed).ToRpcException();
    }

    /// <summary>The grant takes the place of one of the same tuple.</summary>
    private static CatalogueChanges Granting(CatalogueFile file, GrantConfig grant) =>
        CatalogueChanges.Between(file, file with { Grants = [.. file.Grants.Where(g => !IsSameTuple(g, grant)).Append(grant)] });

    private static bool IsSameTuple(GrantConfig a, GrantConfig b) => a.Consumer == b.Consumer && a.Attribute == b.Attribute && a.Purpose == b.Purpose;

    private static ExchangeError NotShared(AttributeConfig attribute) =>
        new(ErrorReasons.AttributeNotShared, $"{ErrorReasons.AttributeNotShared.Meaning} Owner: {attribute.Id.Department}. Legal source: {attribute.LegalSource}.")
        {
            Metadata = new Dictionary<string, string> { ["owner"] = attribute.Id.Department.Value, ["legalSource"] = attribute.LegalSource ?? "" },
        };
}
