using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Broker.Lookup;

/// <summary>What a lookup came to: an answer, or a refusal that is audited as well.</summary>
/// <param name="Answer">A serialized <see cref="Wire.LookupResponse"/> with its receipt; empty where it is refused.</param>
/// <param name="Refusal">Null where it is answered.</param>
/// <param name="Receipt">Of a refusal, null only when nothing could be audited: then the refusal says that the audit log is unavailable.</param>
internal sealed record LookupOutcome(ReadOnlyMemory<byte> Answer, ExchangeError? Refusal, string RequestId, Wire.Receipt? Receipt)
{
    /// <summary>The refusal as an element of a stream's message.</summary>
    public Wire.Refusal ToWireRefusal() => new()
    {
        Code = (int)Refusal!.Reason.Code,
        Reason = Refusal.Reason.Name,
        Message = Refusal.Detail,
        Fields = { Refusal.Fields.Select(f => f.Field) },
        RequestId = RequestId,
        Receipt = Receipt,
        RetryAfter = Refusal.RetryAfter is { } delay ? Duration.FromTimeSpan(delay) : null,
    };

    /// <summary>The refusal as a call's own error: the caller gets to know where it is audited.</summary>
    public ExchangeError ToError()
    {
        if (Receipt is null)
            return Refusal!;
        var metadata = new Dictionary<string, string>(Refusal!.Metadata)
        {
            ["auditLog"] = Receipt.LogId,
            ["auditEntry"] = Receipt.EntryIndex.ToString(System.Globalization.CultureInfo.InvariantCulture),
        };
        if (RequestId.Length > 0)
            metadata["requestId"] = RequestId;
        return Refusal with { Metadata = metadata };
    }
}
