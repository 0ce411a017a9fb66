using System.Buffers.Binary;
using System.Security.Cryptography;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Broker.Ingest;

/// <summary>
/// Decides whether a batch is its department's own word and keeps to the catalogue: limits before parsing, identity before content,
/// every change before any is applied. Whole batches only, since a batch is the unit that is signed and resent. Thread safe.
/// </summary>
internal sealed class BatchVerifier(CatalogueState catalogue, SubjectKeys subjectKeys)
{
    // An outbox counts in signed 64-bit integers; what is above can only be a mistake or an attempt at overflow.
    private const ulong SequenceMax = long.MaxValue;

    // Fields of a later contract version are read over; a change of an unknown kind shows as one without a kind and is refused.
    private static readonly MessageParser<Wire.ChangeBatch> Parser = Wire.ChangeBatch.Parser.WithDiscardUnknownFields(true);

    /// <param name="signed">As it came from outside: nothing in it is believed.</param>
    /// <param name="caller">The department of the TLS key that handed it over; null on the bus, where only the signature speaks.</param>
    public BatchVerification Verify(Wire.SignedChangeBatch signed, DepartmentId? caller)
    {
        if (catalogue.Current is not { } snapshot)
            return Refused(ExchangeError.Of(ErrorReasons.CatalogueUnavailable));
        if (signed.Payload.Length is 0 or > WireLimits.BatchBytesMax)
            return Refused(ErrorReasons.BatchMalformed, "payload", "must be 1 byte to 1 MiB");
        if (!PayloadOutline.TryRead(signed.Payload, out var outline))
            return Refused(ErrorReasons.BatchMalformed, "payload", "must be a ChangeBatch");
        if (outline.Changes > WireLimits.BatchChangesMax)
            return Refused(ErrorReasons.BatchMalformed, "changes", "must hold at most 1,000 changes");

        if (FaultOfIdentity(snapshot, signed, outline, caller) is { } fault)
            return Refused(fault);

        Wire.ChangeBatch batch;
        try
        {
            batch = Parser.ParseFrom(signed.Payload);
        }
        catch (InvalidProtocolBufferException)
        {
            return Refused(ErrorReasons.BatchMalformed, "payload", "must be a ChangeBatch", DepartmentId.Parse(outline.Department));
        }

        return Read(snapshot, signed, batch, DepartmentId.Parse(outline.Department));
    }

    private static ExchangeError? FaultOfIdentity(
        CatalogueSnapshot snapshot, Wire.SignedChangeBatch signed, PayloadOutline outline, DepartmentId? caller)
    {
        if (!DepartmentId.TryParse(outline.Department, out var id))
            return Fault(ErrorReasons.BatchMalformed, "department", CodeName.Rule);
        if (caller is { } department && department != id)
            return Fault(ErrorReasons.SignerMismatch, "department", "must be the caller");
        if (!snapshot.Departments.TryGetValue(id, out var model) || model.Suspended)
            return Fault(ErrorReasons.DepartmentUnknown, "department", "must be in the catalogue and not suspended");
        if (!model.Keys.TryGetValue(signed.KeyId, out var key))
        {
            return snapshot.Departments.Values.Any(other => other.Keys.ContainsKey(signed.KeyId))
                ? Fault(ErrorReasons.SignerMismatch, "key_id", "must be a key of the batch's department")
                : Fault(ErrorReasons.KeyNotRegistered, "key_id", "must be a registered key");
        }

        if (!key.Uses.HasFlag(KeyUses.Signing))
            return Fault(ErrorReasons.KeyNotRegistered, "key_id", "must be registered for signing");
        return key.Verifies(signed.Payload.Span, signed.Signature.Span)
            ? null
            : Fault(ErrorReasons.SignatureInvalid, "signature", "must be that of the payload under key_id");
    }

    private BatchVerification Read(CatalogueSnapshot snapshot, Wire.SignedChangeBatch signed, Wire.ChangeBatch batch, DepartmentId department)
    {
        var count = (ulong)batch.Changes.Count;
        if (batch.FirstSequence is 0 or > SequenceMax || batch.FirstSequence + count - 1 > SequenceMax)
            return Refused(ErrorReasons.BatchMalformed, "first_sequence", "must be at least 1, and the last sequence below 2^63", department);

        var last = batch.FirstSequence + count - 1;
        if (batch.StreamEpoch.Length != WireLimits.EpochBytes)
            return Refused(ErrorReasons.BatchMalformed, "stream_epoch", "must be 16 bytes", department, batch.FirstSequence, last);
        if (batch.PackedAt is null || !ValueRules.IsTimestamp(batch.PackedAt))
            return Refused(ErrorReasons.BatchMalformed, "packed_at", ChangeReader.MomentRule, department, batch.FirstSequence, last);

        var reader = new ChangeReader(snapshot, subjectKeys, department);
        var changes = new VerifiedChange[batch.Changes.Count];
        for (var i = 0; i < changes.Length; i++)
        {
            if (reader.TryRead(batch.Changes[i], out changes[i], out var fault))
                continue;
            var field = fault.Field.Length == 0 ? $"changes[{i}]" : $"changes[{i}].{fault.Field}";
            return Refused(fault.Reason, field, fault.Rule, department, batch.FirstSequence, last);
        }

        return new BatchVerification(new VerifiedBatch
        {
            Department = department,
            Epoch = EpochBytes.Read(batch.StreamEpoch.Span),
            AcceptedEpoch = snapshot.Departments[department].AcceptedEpoch is { } epoch ? EpochBytes.Read(epoch) : null,
            FirstSequence = batch.FirstSequence,
            PayloadDigest = Digest(signed.Payload.Span),
            PackedAt = batch.PackedAt.ToDateTimeOffset(),
            Loading = batch.Loading,
            Changes = changes,
        });
    }

    private static UInt128 Digest(ReadOnlySpan<byte> payload)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(payload, hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

    private static BatchVerification Refused(
        ErrorReason reason, string field, string rule, DepartmentId? signer = null, ulong first = 0, ulong last = 0) =>
        new(new BatchRefusal(Fault(reason, field, rule), signer, first, last));

    private static BatchVerification Refused(ExchangeError error) => new(new BatchRefusal(error));

    private static ExchangeError Fault(ErrorReason reason, string field, string rule) =>
        new(reason, $"{field} {rule}") { Fields = [new FieldError(field, rule)] };
}
