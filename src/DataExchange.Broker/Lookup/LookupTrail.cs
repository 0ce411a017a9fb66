using DataExchange.Broker.Audit;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;
using DataExchange.Transparency;
using Google.Protobuf;

namespace DataExchange.Broker.Lookup;

/// <summary>
/// One lookup on its way, and the audit entry that it ends in. The entry holds no identifier and no value: the subject is its pseudonym, which
/// nobody can make or recognise once its secret is erased; question and answer are hashes under a random salt that only the caller's receipt
/// carries. A lookup that is refused before the index is read names no subject at all.
/// </summary>
internal sealed class LookupTrail
{
    public const int SaltBytes = 16;

    /// <summary>Room for a serialized <see cref="Wire.Receipt"/> and its tag.</summary>
    public const int ReceiptBytesMax = 128;

    private readonly ReadOnlyMemory<byte> _salt;
    private readonly byte[] _requestHash = new byte[Sha256.Bytes];
    private LookupQuestion? _question;
    private SubjectKey _operator;
    private Pseudonym _subject;
    private AnswerBytes _answer;
    private ExchangeError? _refusal;

    /// <param name="consumer">The department whose TLS key made the call.</param>
    /// <param name="lookup">The question as it came.</param>
    /// <param name="salt">Random, of its own.</param>
    /// <param name="askedAt">Now.</param>
    public LookupTrail(DepartmentId consumer, ReceivedLookup lookup, ReadOnlyMemory<byte> salt, DateTimeOffset askedAt)
    {
        (Consumer, Request, _salt, AskedAt) = (consumer, lookup.Request, salt, askedAt);
        Sha256.Hash(salt.Span, lookup.Bytes.Span, _requestHash);
    }

    public DepartmentId Consumer { get; }

    public Wire.LookupRequest Request { get; }

    public DateTimeOffset AskedAt { get; }

    /// <summary>A serialized <see cref="Wire.AuditEntry"/>, once it is decided.</summary>
    public ReadOnlyMemory<byte> Entry { get; private set; }

    private string RequestId => _question?.RequestId ?? "";

    /// <summary>Takes over what was asked, once it is known to be well-formed, and by whom.</summary>
    /// <param name="official">As <see cref="OperatorRule"/> calls him or her; default for nobody in particular.</param>
    public void Asked(LookupQuestion question, SubjectKey official) => (_question, _operator) = (question, official);

    /// <summary>Takes over whom the index knows the subject as; none leaves the entry without one.</summary>
    public void About(Pseudonym subject) => _subject = subject;

    public LookupTrail Refused(ExchangeError error)
    {
        _refusal = error;
        Entry = WriteEntry(Wire.Decision.Refused, error.Reason.Name, [], []);
        return this;
    }

    public LookupTrail Answered(AnswerBytes answer)
    {
        _answer = answer;
        Span<byte> answerHash = stackalloc byte[Sha256.Bytes];
        Sha256.Hash(_salt.Span, answer.Response.Span, answerHash);
        Entry = WriteEntry(Wire.Decision.Allowed, "", answer.Outcomes, answerHash);
        return this;
    }

    /// <summary>What leaves, once the entry is durable at this place.</summary>
    public LookupOutcome At(AuditPosition position)
    {
        if (_refusal is not null)
            return new LookupOutcome(default, _refusal, RequestId, Receipt(position));

        var response = WireBuffer.OfThread();
        var receipt = response.Open(Wire.LookupResponse.ReceiptFieldNumber);
        response.Text(Wire.Receipt.LogIdFieldNumber, position.LogId);
        response.Number(Wire.Receipt.EntryIndexFieldNumber, position.Index);
        response.Bytes(Wire.Receipt.EntryHashFieldNumber, position.LeafHash);
        response.Bytes(Wire.Receipt.SaltFieldNumber, _salt.Span);
        response.Close(receipt);
        return new LookupOutcome(_answer.With(response.Written), null, RequestId, null);
    }

    /// <summary>Nothing leaves but that it could not be audited.</summary>
    public LookupOutcome Unwritten(ExchangeError error) => new(default, error, RequestId, null);

    private byte[] WriteEntry(Wire.Decision decision, string reason, ReadOnlySpan<byte> outcomes, ReadOnlySpan<byte> answerHash)
    {
        var entry = WireBuffer.OfThread();
        entry.Moment(Wire.AuditEntry.RecordedAtFieldNumber, AskedAt);
        entry.Text(Wire.AuditEntry.RequestIdFieldNumber, RequestId);
        entry.Text(Wire.AuditEntry.ConsumerFieldNumber, Consumer.Value);
        if (_question is { } question)
        {
            Span<byte> subject = stackalloc byte[Pseudonym.Size];
            _subject.Write(subject);
            entry.Text(Wire.AuditEntry.PurposeFieldNumber, question.Purpose);
            entry.Text(Wire.AuditEntry.LegalBasisFieldNumber, question.LegalBasis);
            entry.Text(Wire.AuditEntry.CaseIdFieldNumber, question.CaseId);
            entry.Bytes(Wire.AuditEntry.SubjectKeyFieldNumber, _subject.IsNone ? [] : subject);
            foreach (var attribute in question.Attributes)
                entry.Text(Wire.AuditEntry.AttributesFieldNumber, attribute.Department.Value, "/", attribute.Name);
        }

        entry.Number(Wire.AuditEntry.DecisionFieldNumber, (ulong)decision);
        entry.Text(Wire.AuditEntry.ReasonFieldNumber, reason);
        entry.Bytes(Wire.AuditEntry.OutcomesFieldNumber, outcomes);
        entry.Bytes(Wire.AuditEntry.RequestHashFieldNumber, _requestHash);
        entry.Bytes(Wire.AuditEntry.AnswerHashFieldNumber, answerHash);
        if (_question?.DiscloseAfter is { } disclosed)
            entry.Moment(Wire.AuditEntry.DiscloseAfterFieldNumber, disclosed);
        if (_operator != default)
        {
            Span<byte> official = stackalloc byte[SubjectKey.Size];
            _operator.Write(official);
            entry.Bytes(Wire.AuditEntry.OperatorKeyFieldNumber, official);
        }
        return entry.Written.ToArray();
    }

    private Wire.Receipt Receipt(AuditPosition position)
    {
        var receipt = position.ToReceipt();
        receipt.Salt = UnsafeByteOperations.UnsafeWrap(_salt);
        return receipt;
    }
}
