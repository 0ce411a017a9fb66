using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;

namespace DataExchange.Broker.Governance;

/// <summary>
/// What only takes away, and cannot wait for a second person while a stolen key is in use: in force at once by one, confirmed by a second
/// afterwards. Unconfirmed it stays in force and shows.
/// </summary>
internal sealed class CutOffs(CatalogueStore store, CatalogueWatcher watcher, Proposals proposals)
{
    /// <summary>Null where there is no such grant any more.</summary>
    public Task<ProposalRow?> RevokeGrantAsync(Person person, GrantKey key, string reason, CancellationToken cancellationToken) => CutAsync(
        person,
        reason,
        file =>
        {
            if (file.Attributes.All(attribute => attribute.Id != key.Attribute) || file.Departments.All(department => department.Id != key.Consumer))
                throw ExchangeError.Of(ErrorReasons.NotFound).ToRpcException();
            Proposals.Require(person.Covers(key.Attribute.Department) || person.Covers(key.Consumer));
            // Either side's own affair; the second person is of the same side or of the exchange.
            var scope = person.Department ?? key.Attribute.Department;
            return (scope, file with { Grants = [.. file.Grants.Where(g => new GrantKey(g.Consumer, g.Attribute, g.Purpose) != key)] });
        },
        cancellationToken);

    public Task<ProposalRow?> RevokeKeyAsync(Person person, string keyId, string reason, CancellationToken cancellationToken) => CutAsync(
        person,
        reason,
        file =>
        {
            var key = file.Keys.SingleOrDefault(k => k.KeyId == keyId);
            if (key is null || !person.Covers(key.Department))
                throw ExchangeError.Of(ErrorReasons.NotFound).ToRpcException();
            return (key.Department, file with { Keys = [.. file.Keys.Where(k => k.KeyId != keyId)] });
        },
        cancellationToken);

    /// <summary>Null where it is suspended already.</summary>
    public Task<ProposalRow?> SuspendAsync(Person person, DepartmentId id, string reason, CancellationToken cancellationToken) => CutAsync(
        person,
        reason,
        file =>
        {
            Proposals.Require(person.IsOfExchange);
            if (file.Departments.All(department => department.Id != id))
                throw ExchangeError.Of(ErrorReasons.NotFound).ToRpcException();
            return (null, file with { Departments = [.. file.Departments.Select(d => d.Id == id ? d with { Suspended = true } : d)] });
        },
        cancellationToken);

    private async Task<ProposalRow?> CutAsync(
        Person person, string reason, Func<CatalogueFile, (DepartmentId? Scope, CatalogueFile Wanted)> cut, CancellationToken cancellationToken)
    {
        Proposals.RequireReason(reason, "reason");
        var done = await store.ChangeAsync(
            async change =>
            {
                await Persons.AdmitAsync(change, person, PersonRole.Manage, PersonRole.Operate);
                var (scope, wanted) = cut(change.File);
                var changes = CatalogueChanges.Between(change.File, wanted);
                if (changes.IsEmpty)
                    return null;
                change.Apply(changes, wanted);
                return proposals.AddUnconfirmed(change, person, scope, reason, changes);
            },
            cancellationToken);
        await watcher.RefreshAsync(cancellationToken);
        return done;
    }
}
