namespace DataExchange.Adapter;

/// <summary>A batch as stored: the payload's bytes are what is signed, sent and sent again, and never change.</summary>
/// <param name="Payload">A serialized <see cref="Wire.ChangeBatch"/>. MUST NOT be written to.</param>
internal readonly record struct OutboxBatch(ulong FirstSequence, ulong LastSequence, byte[] Payload)
{
    public ulong Count => LastSequence - FirstSequence + 1;
}
