using System.Reflection;
using Grpc.Core;

namespace DataExchange.Contracts;

/// <summary>The one error table. A test prints it to docs/errors.md; nothing fails for a reason that is not here.</summary>
public static class ErrorReasons
{
    public const string Domain = "dataexchange";

    // Who is calling.
    public static readonly ErrorReason CertificateMissing = new("CERTIFICATE_MISSING", StatusCode.Unauthenticated, false,
        "The connection carries no client certificate.", "Connect with the department's certificate and key.", "caller");
    public static readonly ErrorReason CertificateRefused = new("CERTIFICATE_REFUSED", StatusCode.Unauthenticated, false,
        "The certificate is expired, not from the exchange's root, or does not carry exactly one spiffe:// name of this trust domain.",
        "Use the certificate issued for this exchange, or have it renewed.", "caller");
    public static readonly ErrorReason DepartmentUnknown = new("DEPARTMENT_UNKNOWN", StatusCode.PermissionDenied, false,
        "The certificate's department is not in the catalogue, or is suspended.", "Register the department in the catalogue.", "governance");
    public static readonly ErrorReason KeyNotRegistered = new("KEY_NOT_REGISTERED", StatusCode.PermissionDenied, false,
        "The certificate's key is not registered for its department.", "Register the key in the catalogue.", "governance");
    public static readonly ErrorReason HubOnly = new("HUB_ONLY", StatusCode.PermissionDenied, false,
        "This service answers the hub's key only.", "Ask the hub instead.", "caller");

    public static readonly ErrorReason TokenMissing = new("TOKEN_MISSING", StatusCode.Unauthenticated, false,
        "The call needs a signed-in person and carries no token.", "Send the person's OpenID Connect token as metadata authorization: Bearer.", "caller");
    public static readonly ErrorReason TokenRefused = new("TOKEN_REFUSED", StatusCode.Unauthenticated, false,
        "The person's token is expired, withdrawn, not from the configured issuer or for another audience.", "Sign in again.", "caller");
    public static readonly ErrorReason RoleMissing = new("ROLE_MISSING", StatusCode.PermissionDenied, false,
        "The person does not hold the role, or is not of the department, that this takes.", "Have a person with the role do it.", "governance");
    public static readonly ErrorReason RoleConflict = new("ROLE_CONFLICT", StatusCode.PermissionDenied, false,
        "The person's token has more than one role, or another one than a token of the same person that is still valid. Nobody holds two.",
        "Have one role taken away, or wait until the former token has expired.", "governance");

    // What is asked.
    public static readonly ErrorReason RequestInvalid = new("REQUEST_INVALID", StatusCode.InvalidArgument, false,
        "Fields of the request break their rules; BadRequest names each one.", "Mend the named fields.", "caller");
    public static readonly ErrorReason MessageTooLarge = new("MESSAGE_TOO_LARGE", StatusCode.ResourceExhausted, false,
        "The message is over the size limit of its method.", "Send less in one message.", "caller");
    public static readonly ErrorReason NotGranted = new("NOT_GRANTED", StatusCode.PermissionDenied, false,
        "At least one attribute is not granted to the caller for this purpose and legal basis today. Nothing was looked up.",
        "List what is granted with CatalogueService.ListMyGrants, or ask the owner with CatalogueService.RequestGrant.", "governance");
    public static readonly ErrorReason ErasureNotAllowed = new("ERASURE_NOT_ALLOWED", StatusCode.PermissionDenied, false,
        "The caller may not erase subjects. Nothing was looked up.", "Ask the hub's operator.", "operator");
    public static readonly ErrorReason BudgetExhausted = new("BUDGET_EXHAUSTED", StatusCode.ResourceExhausted, true,
        "The caller has asked for this purpose as much as its budget allows: too often, about too many subjects, about too many numbers of one area "
        + "and birthday, about too many subjects in one case, or one of its officials has; ErrorInfo names which. Nothing was looked up.",
        "Wait for what RetryInfo says, name the case that the question belongs to, or have the operator set the purpose's budget.", "operator");
    public static readonly ErrorReason CallerBusy = new("CALLER_BUSY", StatusCode.ResourceExhausted, true,
        "As many calls of this caller as allowed are in work and waiting already.", "Have fewer calls open at once.", "caller");
    public static readonly ErrorReason ClusterTooLarge = new("CLUSTER_TOO_LARGE", StatusCode.FailedPrecondition, false,
        "More identifiers are linked to this one than the hub follows.", "Have the linking departments check their links.", "provider");
    public static readonly ErrorReason DeadlineTooShort = new("DEADLINE_EXCEEDED", StatusCode.DeadlineExceeded, true,
        "The caller's deadline passed before an answer could be made durable.", "Allow at least 50 ms.", "caller");

    public static readonly ErrorReason Busy = new("BUSY", StatusCode.ResourceExhausted, true,
        "As many readings of the whole audit log as allowed are under way.", "Try again later.", "caller");

    // What is governed.
    public static readonly ErrorReason AttributeNotShared = new("ATTRIBUTE_NOT_SHARED", StatusCode.PermissionDenied, false,
        "The attribute is not shared with anybody.", "Read the named legal source; only a change of the catalogue could share it.", "governance");
    public static readonly ErrorReason TooManyRequests = new("TOO_MANY_REQUESTS", StatusCode.ResourceExhausted, true,
        "The department has made as many grant requests within a day as it may.", "Ask again tomorrow.", "caller");
    public static readonly ErrorReason NotFound = new("NOT_FOUND", StatusCode.NotFound, false,
        "There is nothing of that name, or nothing that the caller may see.", "List what there is.", "caller");
    public static readonly ErrorReason NoChange = new("NO_CHANGE", StatusCode.FailedPrecondition, false,
        "The catalogue says so already.", "Nothing is left to do.", "caller");
    public static readonly ErrorReason RequestClosed = new("REQUEST_CLOSED", StatusCode.FailedPrecondition, false,
        "The grant request does not wait for an answer.", "Read its state; ask anew if need be.", "caller");
    public static readonly ErrorReason SamePerson = new("SAME_PERSON", StatusCode.PermissionDenied, false,
        "Who proposed a change cannot approve it.", "Have a second, different person approve it.", "caller");
    public static readonly ErrorReason ProposalChanged = new("PROPOSAL_CHANGED", StatusCode.FailedPrecondition, false,
        "The approval names another content than the proposal has now.", "Read the proposal again and approve what it says.", "caller");
    public static readonly ErrorReason ProposalClosed = new("PROPOSAL_CLOSED", StatusCode.FailedPrecondition, false,
        "The proposal is applied, withdrawn or expired, or its proposer no longer holds the role.", "Propose it anew.", "caller");
    public static readonly ErrorReason CatalogueMoved = new("CATALOGUE_MOVED", StatusCode.FailedPrecondition, false,
        "What the proposal was to change is no longer as it was, or the change no longer keeps the catalogue's rules.",
        "Propose it anew, on the catalogue as it is now.", "caller");

    // The hub's own state.
    public static readonly ErrorReason AuditUnavailable = new("AUDIT_UNAVAILABLE", StatusCode.Unavailable, true,
        "The audit log cannot be written, so nothing is answered.", "Try again later; the operator is told through health.", "operator");
    public static readonly ErrorReason IndexUnavailable = new("INDEX_UNAVAILABLE", StatusCode.Unavailable, true,
        "The index cannot be read or written.", "Try again later; the operator is told through health.", "operator");
    public static readonly ErrorReason CatalogueUnavailable = new("CATALOGUE_UNAVAILABLE", StatusCode.Unavailable, true,
        "The catalogue cannot be read or written.", "Try again later; the operator is told through health.", "operator");
    public static readonly ErrorReason Internal = new("INTERNAL", StatusCode.Internal, false,
        "A fault in the exchange itself. Its details are in the server's log under the request's trace id.", "Report the trace id.", "operator");
    public static readonly ErrorReason Stopping = new("STOPPING", StatusCode.Unavailable, true,
        "The process is stopping and takes no more calls.", "Try again, at another replica if there is one.", "operator");

    // What the audit log proves.
    public static readonly ErrorReason EntryNotPublished = new("ENTRY_NOT_PUBLISHED", StatusCode.OutOfRange, true,
        "The newest checkpoint does not reach so far.", "Ask again in a second; an entry of a receipt is published within that.", "caller");

    public static readonly ErrorReason AccessLogBehind = new("ACCESS_LOG_BEHIND", StatusCode.Unavailable, true,
        "The list of accesses has not followed the audit log yet, so it could not be complete.", "Ask again in a second.", "operator");

    // Why an attribute is UNAVAILABLE or STALE.
    public static readonly ErrorReason ProviderSilent = new("PROVIDER_SILENT", StatusCode.Unavailable, true,
        "The hub has not heard from the provider since it was declared, so it cannot tell what the provider holds.",
        "Start the provider's adapter.", "provider");
    public static readonly ErrorReason ProviderLoading = new("PROVIDER_LOADING", StatusCode.Unavailable, true,
        "The provider's first load is not complete: it has stated nothing about the subject so far, and may yet.", "Try again later.", "provider");
    public static readonly ErrorReason ProviderUnreachable = new("PROVIDER_UNREACHABLE", StatusCode.Unavailable, true,
        "The provider's adapter does not answer.", "Try again later.", "provider");
    public static readonly ErrorReason ProviderTooSlow = new("PROVIDER_TOO_SLOW", StatusCode.Unavailable, true,
        "The provider's adapter did not answer within its share of the deadline.", "Allow a longer deadline, or try again later.", "provider");
    public static readonly ErrorReason ProviderCircuitOpen = new("PROVIDER_CIRCUIT_OPEN", StatusCode.Unavailable, true,
        "The provider's adapter has failed repeatedly and is left alone for a while.", "Try again later.", "provider");
    public static readonly ErrorReason ProviderBusy = new("PROVIDER_BUSY", StatusCode.Unavailable, true,
        "As many questions as allowed are with this provider already.", "Try again later.", "provider");
    public static readonly ErrorReason ProviderFailed = new("PROVIDER_FAILED", StatusCode.Unavailable, false,
        "The provider's adapter refused or answered with something that breaks the contract.", "Tell the provider.", "provider");
    public static readonly ErrorReason ProviderQuarantined = new("PROVIDER_QUARANTINED", StatusCode.FailedPrecondition, false,
        "The provider's stream contradicts what the hub has; its facts are marked until an operator accepts its new epoch.",
        "Accept the epoch in the catalogue once the provider's store is known to be right.", "operator");
    public static readonly ErrorReason SealBroken = new("SEAL_BROKEN", StatusCode.DataLoss, false,
        "The hub holds a value that it cannot unseal: the value, its place or its key is not what it was. It is never guessed at.",
        "Tell the operator, who restores the key or the index, or has the provider publish the value again.", "operator");
    public static readonly ErrorReason OlderThanAsked = new("OLDER_THAN_ASKED", StatusCode.OK, true,
        "The hub last heard from the provider longer ago than the oldest age asked for.", "Accept stale evidence, or ask again later.", "provider");

    // What is published.
    public static readonly ErrorReason BatchMalformed = new("BATCH_MALFORMED", StatusCode.InvalidArgument, false,
        "The batch cannot be read or breaks a limit.", "Publish with the limits of change.proto.", "provider");
    public static readonly ErrorReason SignatureInvalid = new("SIGNATURE_INVALID", StatusCode.PermissionDenied, false,
        "The signature does not belong to the payload and the named key.", "Sign the exact payload bytes with a registered key.", "provider");
    public static readonly ErrorReason SignerMismatch = new("SIGNER_MISMATCH", StatusCode.PermissionDenied, false,
        "The batch's department is not the owner of the signing key, or not the caller.", "Publish as the department that signs.", "provider");
    public static readonly ErrorReason AttributeNotOwned = new("ATTRIBUTE_NOT_OWNED", StatusCode.PermissionDenied, false,
        "The batch holds an attribute that the department does not own in the catalogue.", "Declare the attribute, or stop publishing it.", "governance");
    public static readonly ErrorReason ValueRefused = new("VALUE_REFUSED", StatusCode.InvalidArgument, false,
        "A value has another type than its attribute, is absent where held, or present where only located.",
        "Publish what the catalogue declares.", "provider");
    public static readonly ErrorReason IdentifierRefused = new("IDENTIFIER_REFUSED", StatusCode.InvalidArgument, false,
        "An identifier's scheme is not declared, or its value breaks the scheme.", "Publish canonical identifiers of declared schemes.", "provider");
    public static readonly ErrorReason LinkNotAllowed = new("LINK_NOT_ALLOWED", StatusCode.PermissionDenied, false,
        "The catalogue does not let the department link these two schemes.", "Have the link right added to the catalogue.", "governance");
    public static readonly ErrorReason EpochUnknown = new("EPOCH_UNKNOWN", StatusCode.FailedPrecondition, false,
        "The stream epoch is not the one in force.", "Accept the new epoch in the catalogue, or restore the outbox.", "operator");
    public static readonly ErrorReason SequenceRewritten = new("SEQUENCE_REWRITTEN", StatusCode.FailedPrecondition, false,
        "Sequences that are applied came again with other content: the provider's store has gone back in time.",
        "Start the provider with a new outbox and accept its epoch.", "operator");
    public static readonly ErrorReason TooManyGaps = new("TOO_MANY_GAPS", StatusCode.Unavailable, true,
        "So many separate pieces of the stream are missing below this batch that the hub keeps no more above them.",
        "Send the missing batches, then this one again.", "provider");
    public static readonly ErrorReason OutboxTrimmed = new("OUTBOX_TRIMMED", StatusCode.OutOfRange, false,
        "The asked sequences are older than what the outbox keeps.", "Ask from first_sequence of Describe, or start a new epoch.", "operator");

    /// <summary>Every reason, in the order of this file.</summary>
    public static IReadOnlyList<ErrorReason> All { get; } =
        [.. typeof(ErrorReasons).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => f.GetValue(null)).OfType<ErrorReason>()];
}
