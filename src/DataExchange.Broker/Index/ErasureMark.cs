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
    /// <summary>Both: what either covers.</summary>
    public ErasureMark With(ErasureMark? other)
    {
        if (other is null)
            return this;
        var through = new SortedDictionary<uint, ulong>(Through);
        foreach (var (stream, sequence) in other.Through)
            through[stream] = Math.Max(sequence, through.GetValueOrDefault(stream));
        return new ErasureMark(Math.Max(AtTicks, other.AtTicks), through);
    }

    public bool Covers(ref readonly Statement statement) =>
        statement.PackedAtTicks <= AtTicks || (Through.TryGetValue(statement.Key.Stream, out var through) && statement.Sequence <= through);
}
