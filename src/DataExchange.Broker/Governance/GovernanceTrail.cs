using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Broker.Governance;

/// <summary>
/// Writes each act of governance to the audit log before it is in force: an act that cannot be recorded does not happen. Acts exclude each
/// other, so that their entries stand in the order in which they take effect.
/// </summary>
internal sealed class GovernanceTrail(CatalogueStore store, AuditLog audit, SubjectKeys keys) : IHostedService
{
    // Of no exchange's scheme, so that it is no subject's key.
    private const string PersonScheme = "governance/person";

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
            .. change.Written.Select(written => ActOf(written.Was, written.Now, change.By)).OfType<Wire.GovernanceAct>()
                .Select(act => (ReadOnlyMemory<byte>)new Wire.AuditEntry { RecordedAt = change.Now.ToTimestamp(), Governance = act }.ToByteArray()),
        ];
        // Not cancelled: an entry that is on its way is written, and its act should be too.
        if (entries.Length > 0 && (await audit.AppendAsync(entries, CancellationToken.None)).Error is { } unwritable)
            throw unwritable.ToRpcException();
    }

    /// <summary>Null where nothing was decided: a newer token, an escalation.</summary>
    private Wire.GovernanceAct? ActOf(object? was, object now, string? by) => (was, now) switch
    {
        (ProposalRow before, ProposalRow after) when before.State == after.State && before.ContentHash == after.ContentHash && before.ExpiresAt == after.ExpiresAt => null,
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
        (PersonRow before, PersonRow after) when before.Role == after.Role && before.Department == after.Department
            && before.WithdrawnAt == after.WithdrawnAt && before.IsWithdrawn == after.IsWithdrawn => null,
        (_, PersonRow person) => new()
        {
            Kind = person.IsWithdrawn ? Wire.GovernanceActKind.PersonWithdrawn : Wire.GovernanceActKind.PersonAdmitted,
            Person = PersonOf(person.Id),
            By = PersonOf(person.IsWithdrawn ? by : null),
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

    // Keyed, so that a person is not found by trying names. Hashed before, since an issuer and a subject can be longer than an identifier.
    private ByteString PersonOf(string? id)
    {
        if (id is null)
            return ByteString.Empty;
        Span<byte> key = stackalloc byte[SubjectKey.Size];
        keys.Of(new Identifier(PersonScheme, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id))))).Write(key);
        return ByteString.CopyFrom(key);
    }

    private static byte[] HashOf(GrantRequestRow request) => SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(
        CultureInfo.InvariantCulture,
        $"{request.Consumer}\n{request.Attribute}\n{request.Purpose}\n{request.LegalBasis}\n{request.ValidFrom.ToUnixTimeSeconds()}\n{request.ValidUntil.ToUnixTimeSeconds()}\n")));
}
