using System.Diagnostics.CodeAnalysis;
using DataExchange.Broker.Index;
using DataExchange.Contracts;

namespace DataExchange.Broker.Ingest;

/// <summary>A batch that may be applied, or why it may not.</summary>
internal readonly struct BatchVerification
{
    public BatchVerification(VerifiedBatch batch) => Batch = batch;

    public BatchVerification(BatchRefusal refusal) => Refusal = refusal;

    public VerifiedBatch? Batch { get; }

    public BatchRefusal? Refusal { get; }

    [MemberNotNullWhen(true, nameof(Batch))]
    [MemberNotNullWhen(false, nameof(Refusal))]
    public bool IsGood => Batch is not null;
}

/// <param name="Error">Names the field and the rule, never a value.</param>
/// <param name="Signer">
/// The department whose registered key signed the batch; null while that is not proven, so that nobody can bring a department into
/// discredit with a forged batch.
/// </param>
/// <param name="FirstSequence">0 where it could not be read or is not proven.</param>
/// <param name="LastSequence">As <paramref name="FirstSequence"/>; one below it for a heartbeat.</param>
internal sealed record BatchRefusal(ExchangeError Error, DepartmentId? Signer = null, ulong FirstSequence = 0, ulong LastSequence = 0);
