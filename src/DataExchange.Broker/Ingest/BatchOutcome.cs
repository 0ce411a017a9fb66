using DataExchange.Contracts;

namespace DataExchange.Broker.Ingest;

internal enum BatchResult : byte
{
    /// <summary>Durable now.</summary>
    Applied,

    /// <summary>Had been applied before; no effect.</summary>
    Duplicate,

    /// <summary>Wrong; leaves a gap in its stream until it is mended and sent again.</summary>
    Rejected,

    /// <summary>Its stream contradicts what the hub has; nothing of that department is applied until an operator decides.</summary>
    Quarantined,

    /// <summary>Undecided: the hub's own index or catalogue is not there. To be tried again, never to be thrown away.</summary>
    Unavailable,
}

/// <param name="Result">What became of the batch.</param>
/// <param name="Error">Why it is not applied; null if it is. Names the field and the rule, never a value.</param>
/// <param name="FirstSequence">The batch's; 0 where it could not be read or is not proven.</param>
/// <param name="Watermark">Of the proven department's stream; 0 where no department is proven.</param>
internal readonly record struct BatchOutcome(BatchResult Result, ExchangeError? Error, ulong FirstSequence, ulong Watermark)
{
    public bool IsDurable => Result is BatchResult.Applied or BatchResult.Duplicate;
}
