using System.Buffers.Binary;
using System.Collections.Frozen;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Broker.Erasure;

/// <param name="Linkers">Departments whose links count: what they have linked to the identifier is erased with it.</param>
/// <param name="Operator">The department of the TLS key that asks for it.</param>
/// <param name="LegalBasis">What obliges to erase.</param>
/// <param name="CaseId">The case of it.</param>
internal sealed record ErasureRequest(Identifier Identifier, FrozenSet<DepartmentId>? Linkers, DepartmentId Operator, string LegalBasis, string CaseId);

/// <param name="Identifiers">How many identifiers were erased.</param>
/// <param name="Position">Where the audit log holds it.</param>
/// <param name="Error">Why it is not done; null if it is.</param>
internal readonly record struct ErasureOutcome(int Identifiers, AuditPosition Position, ExchangeError? Error);

/// <summary>
/// Erases subjects: first the audit entry, which is all that a hub restored from an older backup will know of it, then the index. What is left
/// is a mark under each subject key, which keeps older statements away. Thread safe; one at a time.
/// </summary>
internal sealed class SubjectErasure(SubjectKeys keys, SubjectIndex index, AuditLog audit, TimeProvider clock) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);

    // Set by an erasure that is in the log but not in the index: the start carries it out, so that the place to begin from stays before it.
    private bool _behind;

    public async Task<ErasureOutcome> EraseAsync(ErasureRequest request, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            return await EraseNextAsync(request);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<ErasureOutcome> EraseNextAsync(ErasureRequest request)
    {
        // Who it is: the identifier and all that are linked to it now.
        var subject = keys.Of(request.Identifier);
        var cluster = index.ReadCluster(subject, [], request.Linkers);
        if (cluster.Reason is { } reason || index.ReadMembers(subject, request.Linkers) is not { } members)
            return new ErasureOutcome(0, default, ExchangeError.Of(cluster.Reason ?? ErrorReasons.IndexUnavailable));

        // What each department may have said until now.
        var at = clock.GetUtcNow();
        var through = index.Streams.All.Select(stream => (stream.Department, stream.Epoch, stream.Announced)).ToList();

        // Durable in the log before anything is gone: a crash between the two is made good at the next start.
        var entry = Entry(request, at, members.Select(member => member.Pseudonym), through);
        var audited = await audit.AppendAsync([entry.ToByteArray()], CancellationToken.None);
        if (audited.Error is { } unwritable)
            return new ErasureOutcome(0, default, unwritable);

        var position = audited.Values[0];
        var state = _behind ? ((byte[], byte[]?)?)null : ErasedThroughState.Of(position.LogId, position.Index + 1);
        if (await index.EraseAsync([.. members.Select(member => member.Subject)], at, through, state))
            return new ErasureOutcome(members.Length, position, null);
        _behind = true;
        return new ErasureOutcome(0, position, ExchangeError.Of(ErrorReasons.IndexUnavailable));
    }

    private static Wire.AuditEntry Entry(
        ErasureRequest request, DateTimeOffset at, IEnumerable<Pseudonym> pseudonyms, List<(DepartmentId Department, UInt128 Epoch, ulong Announced)> through)
    {
        var erasure = new Wire.Erasure();
        erasure.Pseudonyms.AddRange(pseudonyms.Where(pseudonym => !pseudonym.IsNone).Select(pseudonym => ByteString.CopyFrom(pseudonym.ToArray())));
        var bytes = new byte[16];
        foreach (var (department, epoch, announced) in through)
        {
            BinaryPrimitives.WriteUInt128BigEndian(bytes, epoch);
            erasure.Streams.Add(new Wire.ErasedThrough { Department = department.Value, StreamEpoch = ByteString.CopyFrom(bytes), Sequence = announced });
        }

        return new Wire.AuditEntry
        {
            RecordedAt = at.ToTimestamp(),
            Consumer = request.Operator.Value,
            LegalBasis = request.LegalBasis,
            CaseId = request.CaseId,
            Decision = Wire.Decision.Allowed,
            Erasure = erasure,
        };
    }
}
