using DataExchange.Contracts;

namespace DataExchange.Broker.Catalogue.Storage;

/// <summary>What a person does for the exchange. Nobody holds two.</summary>
public enum PersonRole
{
    /// <summary>Proposes and approves what the catalogue says, and answers grant requests.</summary>
    Manage,

    /// <summary>Runs the exchange: cuts off departments, keys and grants, and withdraws persons' roles.</summary>
    Operate,

    /// <summary>Reads everything, changes nothing.</summary>
    Audit,
}

public enum ProposalState
{
    /// <summary>Waits for a second person, until it expires.</summary>
    Open,

    /// <summary>A cut-off that one person has put in force, and that waits for a second one to stand by it.</summary>
    Unconfirmed,

    /// <summary>In force, by two persons.</summary>
    Applied,

    Withdrawn,
}

public enum GrantRequestState
{
    /// <summary>The owner has to answer.</summary>
    Waiting,

    /// <summary>One person of the owner has said yes, in a proposal that waits for a second.</summary>
    Proposed,

    Granted,

    Refused,
}

/// <summary>What is known of a person from the tokens shown so far.</summary>
/// <param name="Id">Issuer and subject of the token, with a blank between them: one subject of two issuers is two persons.</param>
/// <param name="Department">Null for a person of the exchange itself.</param>
/// <param name="TokenIssuedAt">Of the newest token shown.</param>
/// <param name="WithdrawnAt">Tokens issued until then count no more.</param>
internal sealed record PersonRow(
    string Id, PersonRole Role, DepartmentId? Department, DateTimeOffset TokenIssuedAt, DateTimeOffset TokenExpiresAt, DateTimeOffset? WithdrawnAt = null)
{
    /// <summary>Until a token comes that was issued after the withdrawal.</summary>
    public bool IsWithdrawn => TokenIssuedAt <= WithdrawnAt;
}

/// <summary>A change of the catalogue that one person has proposed.</summary>
/// <param name="Content">What is approved, as canonical JSON: the proposal's id and reason, and the rows as they are and shall be.</param>
/// <param name="ContentHash">Lower-case hexadecimal SHA-256 of <paramref name="Content"/> in UTF-8.</param>
/// <param name="Scope">The department whose own affair it is, so that two persons of it may decide; null where it takes the exchange's.</param>
/// <param name="ProposedFor">The proposer's department; null for a person of the exchange.</param>
/// <param name="BaseVersion">Of the catalogue when it was proposed.</param>
/// <param name="DecidedBy">The second person; the proposer where it was withdrawn.</param>
internal sealed record ProposalRow(
    string Id,
    string Content,
    string ContentHash,
    DepartmentId? Scope,
    long BaseVersion,
    string ProposedBy,
    PersonRole ProposedAs,
    DepartmentId? ProposedFor,
    DateTimeOffset ProposedAt,
    DateTimeOffset ExpiresAt,
    ProposalState State,
    string? DecidedBy = null,
    DateTimeOffset? DecidedAt = null,
    long? AppliedVersion = null,
    string? GrantRequest = null);

/// <summary>A consumer's request for one exact grant.</summary>
/// <param name="Owner">The attribute's department.</param>
/// <param name="DueAt">When the owner's clock ends.</param>
/// <param name="EscalatedAt">When it was found overdue: from then on the exchange may answer in the owner's stead.</param>
/// <param name="Proposal">The proposal in which the owner's first person has said yes.</param>
/// <param name="Reasons">Why it was refused, in writing.</param>
internal sealed record GrantRequestRow(
    string Id,
    DepartmentId Consumer,
    AttributeId Attribute,
    DepartmentId Owner,
    string Purpose,
    string LegalBasis,
    DateTimeOffset ValidFrom,
    DateTimeOffset ValidUntil,
    DateTimeOffset RequestedAt,
    DateTimeOffset DueAt,
    GrantRequestState State,
    DateTimeOffset? EscalatedAt = null,
    string? Proposal = null,
    string? DecidedBy = null,
    DateTimeOffset? DecidedAt = null,
    string? Reasons = null)
{
    public GrantConfig ToGrant() => new(Consumer, Attribute, Purpose, LegalBasis, ValidFrom, ValidUntil);
}
