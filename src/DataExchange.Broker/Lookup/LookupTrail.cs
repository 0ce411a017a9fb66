using System.Security.Cryptography;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Broker.Lookup;

/// <summary>
/// Builds the audit entry of one lookup while it is answered. Holds no identifier and no value: the subject is its keyed hash,
/// question and answer are hashes under a random salt that only the caller's receipt carries.
/// </summary>
internal sealed class LookupTrail
{
    private const int SaltBytes = 16;

    private readonly byte[] _salt = RandomNumberGenerator.GetBytes(SaltBytes);
    private readonly Wire.AuditEntry _entry;

    public LookupTrail(DepartmentId consumer, Wire.LookupRequest request, DateTimeOffset at) => _entry = new Wire.AuditEntry
    {
        RecordedAt = at.ToTimestamp(),
        Consumer = consumer.Value,
        RequestHash = Hash(request),
    };

    public string RequestId => _entry.RequestId;

    /// <summary>Takes over what was asked, once it is known to be well-formed.</summary>
    public void Asked(LookupQuestion question, SubjectKey subject)
    {
        _entry.RequestId = question.RequestId;
        _entry.Purpose = question.Purpose;
        _entry.LegalBasis = question.LegalBasis;
        _entry.CaseId = question.CaseId;
        var key = new byte[SubjectKey.Size];
        subject.Write(key);
        _entry.SubjectKey = UnsafeByteOperations.UnsafeWrap(key);
        foreach (var attribute in question.Attributes)
            _entry.Attributes.Add(attribute.ToString());
    }

    public Wire.AuditEntry Refused(ExchangeError error)
    {
        _entry.Decision = Wire.Decision.Refused;
        _entry.Reason = error.Reason.Name;
        return _entry;
    }

    public Wire.AuditEntry Answered(Wire.LookupResponse response)
    {
        _entry.Decision = Wire.Decision.Allowed;
        foreach (var answer in response.Answers)
            _entry.Outcomes.Add(answer.Outcome);
        _entry.AnswerHash = Hash(response);
        return _entry;
    }

    public Wire.Receipt Receipt(AuditPosition position) => new()
    {
        LogId = position.LogId,
        EntryIndex = position.Index,
        EntryHash = UnsafeByteOperations.UnsafeWrap(position.LeafHash),
        Salt = UnsafeByteOperations.UnsafeWrap(_salt),
    };

    private ByteString Hash(IMessage message)
    {
        // One buffer, salt first, so that one call hashes both.
        var size = message.CalculateSize();
        var salted = new byte[SaltBytes + size];
        _salt.CopyTo(salted, 0);
        message.WriteTo(salted.AsSpan(SaltBytes));
        return UnsafeByteOperations.UnsafeWrap(SHA256.HashData(salted));
    }
}
