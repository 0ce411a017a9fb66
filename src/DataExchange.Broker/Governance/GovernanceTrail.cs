using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Catalogue.Storage;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Broker.Governance;

/// <summary>
/// Writes each act of governance to the audit log before it is in force: an act that cannot be recorded does not happen. Acts exclude each
/// other, so that their entries stand in the order in which they take effect.
/// </summary>
internal sealed class GovernanceTrail(CatalogueStore store, AuditLog audit) : IHostedService
{
    private const int PersonBytes = 16;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        store.Recording = RecordAsync;
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task RecordAsync(CatalogueTransaction change)
    {
        ReadOnlyMemory<byte>[] entries =
        [
            .. change.Written.Select(written => ActOf(written.Was, written.Now)).OfType<Wire.GovernanceAct>()
                .Select(act => (ReadOnlyMemory<byte>)new Wire.AuditEntry { RecordedAt = change.Now.ToTimestamp(), Governance = act }.ToByteArray()),
        ];
        // Not cancelled: an entry that is on its way is written, and its act should be too.
        if (entries.Length > 0 && (await audit.AppendAsync(entries, CancellationToken.None)).Error is { } unwritable)
            throw unwritable.ToRpcException();
    }

    /// <summary>Null where nothing was decided: a newer token, an escalation.</summary>
    private static Wire.GovernanceAct? ActOf(object? was, object now) => (was, now) switch
    {
        (ProposalRow before, ProposalRow after) when before.State == after.State && before.ContentHash == after.ContentHash => null,
        (_, ProposalRow proposal) => new()
        {
            Kind = KindOf(proposal.State),
            Id = proposal.Id,
            ContentHash = ByteString.CopyFrom(Convert.FromHexString(proposal.ContentHash)),
            Person = PersonOf(proposal.DecidedBy ?? proposal.ProposedBy),
            Department = proposal.Scope?.Value ?? "",
            CatalogueVersion = proposal.AppliedVersion ?? 0,
        },
        (GrantRequestRow before, GrantRequestRow after) when before.State == after.State => null,
        // The proposal says it.
        (_, GrantRequestRow { Proposal: not null, State: not GrantRequestState.Refused }) => null,
        (_, GrantRequestRow request) => new()
        {
            Kind = KindOf(request.State),
            Id = request.Id,
            ContentHash = ByteString.CopyFrom(HashOf(request)),
            Person = PersonOf(request.DecidedBy),
            Department = request.Consumer.Value,
        },
        (PersonRow before, PersonRow after) when before.Role == after.Role && before.Department == after.Department && before.WithdrawnAt == after.WithdrawnAt => null,
        (var before, PersonRow person) => new()
        {
            Kind = person.WithdrawnAt is null || person.WithdrawnAt == (before as PersonRow)?.WithdrawnAt ? Wire.GovernanceActKind.PersonAdmitted : Wire.GovernanceActKind.PersonWithdrawn,
            Person = PersonOf(person.Id),
            Department = person.Department?.Value ?? "",
        },
        _ => null,
    };

    private static Wire.GovernanceActKind KindOf(ProposalState state) => state switch
    {
        ProposalState.Open => Wire.GovernanceActKind.Proposed,
        ProposalState.Unconfirmed => Wire.GovernanceActKind.CutOff,
        ProposalState.Applied => Wire.GovernanceActKind.Approved,
        _ => Wire.GovernanceActKind.Withdrawn,
    };

    private static Wire.GovernanceActKind KindOf(GrantRequestState state) => state switch
    {
        GrantRequestState.Waiting => Wire.GovernanceActKind.GrantRequested,
        GrantRequestState.Granted => Wire.GovernanceActKind.Granted,
        _ => Wire.GovernanceActKind.GrantRefused,
    };

    private static ByteString PersonOf(string? id) =>
        id is null ? ByteString.Empty : ByteString.CopyFrom(SHA256.HashData(Encoding.UTF8.GetBytes(id)).AsSpan(0, PersonBytes));

    private static byte[] HashOf(GrantRequestRow request) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"{request.Consumer}\n{request.Attribute}\n{request.Purpose}\n{request.LegalBasis}\n{request.ValidFrom.ToUnixTimeSeconds()}\n{request.ValidUntil.ToUnixTimeSeconds()}\n")));
}
