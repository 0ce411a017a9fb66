using DataExchange.Broker.Catalogue.Storage;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Broker.Governance;

/// <summary>What governance records, as the wire has it.</summary>
internal static class GovernanceMessages
{
    public static Wire.GrantRequest ToWire(this GrantRequestRow row, DateTimeOffset now) => new()
    {
        Id = row.Id,
        Consumer = row.Consumer.Value,
        Attribute = row.Attribute.ToWire(),
        Purpose = row.Purpose,
        LegalBasis = row.LegalBasis,
        ValidFrom = row.ValidFrom.ToTimestamp(),
        ValidUntil = row.ValidUntil.ToTimestamp(),
        RequestedAt = row.RequestedAt.ToTimestamp(),
        DueAt = row.DueAt.ToTimestamp(),
        State = row.State switch
        {
            GrantRequestState.Waiting => Wire.GrantRequestState.Waiting,
            GrantRequestState.Proposed => Wire.GrantRequestState.Proposed,
            GrantRequestState.Granted => Wire.GrantRequestState.Granted,
            _ => Wire.GrantRequestState.Refused,
        },
        Overdue = row.State is GrantRequestState.Waiting or GrantRequestState.Proposed && now >= row.DueAt,
        Proposal = row.Proposal ?? "",
        Reasons = row.Reasons ?? "",
        DecidedAt = row.DecidedAt?.ToTimestamp(),
    };

    public static Wire.Proposal ToWire(this ProposalRow row, DateTimeOffset now, bool content) => new()
    {
        Id = row.Id,
        Content = content ? row.Content : "",
        ContentHash = row.ContentHash,
        State = row.State switch
        {
            ProposalState.Open => FourEyes.IsOpen(row, now) ? Wire.ProposalState.Open : Wire.ProposalState.Expired,
            ProposalState.Unconfirmed => Wire.ProposalState.Unconfirmed,
            ProposalState.Applied => Wire.ProposalState.Applied,
            _ => Wire.ProposalState.Withdrawn,
        },
        ProposedAt = row.ProposedAt.ToTimestamp(),
        ExpiresAt = row.ExpiresAt.ToTimestamp(),
        ProposedBy = row.ProposedBy,
        DecidedBy = row.DecidedBy ?? "",
        DecidedAt = row.DecidedAt?.ToTimestamp(),
        AppliedVersion = row.AppliedVersion ?? 0,
        Scope = row.Scope?.Value ?? "",
        GrantRequest = row.GrantRequest ?? "",
    };
}
