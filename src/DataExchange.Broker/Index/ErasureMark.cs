namespace DataExchange.Broker.Index;

/// <summary>
/// What is left of an erased subject: from when on it may be spoken of anew. Older statements, from a queue, a resend or a restored
/// outbox, are passed over for ever.
/// </summary>
/// <param name="AtTicks">When it was erased, UTC ticks of the hub's clock: nothing counts of a batch that was packed by then.</param>
/// <param name="Through">
/// By stream, the highest sequence known to exist then: nothing counts up to it, whatever the department's clock says. Ascending.
/// </param>
internal sealed record ErasureMark(long AtTicks, SortedDictionary<uint, ulong> Through)
{
    public bool Covers(ref readonly Statement statement) =>
        statement.PackedAtTicks <= AtTicks || (Through.TryGetValue(statement.Key.Stream, out var through) && statement.Sequence <= through);
}
