using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;

namespace DataExchange.Broker.Governance;

/// <summary>
/// When a change of the catalogue takes effect: one person proposes it, a second one approves exactly what it says, in time. Rules only; who
/// calls them sees to it that nothing else happens meanwhile.
/// </summary>
internal static class FourEyes
{
    /// <summary>Why the approval does not count; null when it does, and the content is to be applied at once.</summary>
    /// <param name="approver">Admitted in the same act.</param>
    /// <param name="contentHash">Of the content as the approver has read it.</param>
    /// <param name="proposer">What is known of the proposer now.</param>
    public static ErrorReason? RefusalOfApproval(ProposalRow proposal, Person approver, string contentHash, PersonRow? proposer, DateTimeOffset now)
    {
        var cutOff = proposal.State == ProposalState.Unconfirmed;
        if (!approver.Covers(proposal.Scope) || !(approver.Role == PersonRole.Manage || (cutOff && approver.Role == PersonRole.Operate)))
            return ErrorReasons.RoleMissing;
        if (!cutOff && !IsOpen(proposal, now))
            return ErrorReasons.ProposalClosed;
        // The text is hashed again: what lies in the database could have been edited there.
        if (contentHash != proposal.ContentHash || CatalogueJson.HashOf(proposal.Content) != proposal.ContentHash)
            return ErrorReasons.ProposalChanged;
        if (approver.Id == proposal.ProposedBy)
            return ErrorReasons.SamePerson;
        // A cut-off is in force already, whatever has become of the one who made it.
        return cutOff || StillHolds(proposer, proposal) ? null : ErrorReasons.ProposalClosed;
    }

    /// <summary>Why the content cannot be replaced, or the proposal taken back; null when it can.</summary>
    public static ErrorReason? RefusalOfChange(ProposalRow proposal, Person person, DateTimeOffset now) =>
        person.Id != proposal.ProposedBy || person.Role != PersonRole.Manage ? ErrorReasons.RoleMissing
        : IsOpen(proposal, now) ? null
        : ErrorReasons.ProposalClosed;

    public static bool IsOpen(ProposalRow proposal, DateTimeOffset now) => proposal.State == ProposalState.Open && now < proposal.ExpiresAt;

    private static bool StillHolds(PersonRow? proposer, ProposalRow proposal) =>
        proposer is not null
        && proposer.Role == proposal.ProposedAs
        && proposer.Department == proposal.ProposedFor
        && !(proposer.WithdrawnAt >= proposal.ProposedAt);
}
