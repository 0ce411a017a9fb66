using DataExchange.Contracts;

namespace DataExchange.Broker.Lookup;

/// <summary>What a lookup came to: an answer, or a refusal that is audited as well. Exactly one of the two is set.</summary>
/// <param name="Receipt">Null only when nothing could be audited: then the refusal says that the audit log is unavailable.</param>
internal readonly record struct LookupOutcome(Wire.LookupResponse? Answer, ExchangeError? Refusal, string RequestId, Wire.Receipt? Receipt);
