namespace DataExchange.Broker.Lookup;

/// <summary>An answer, serialized, with room behind it for the receipt that its audit entry will give.</summary>
internal readonly struct AnswerBytes
{
    private readonly byte[] _bytes;
    private readonly int _length;

    /// <param name="response">A <see cref="Wire.LookupResponse"/> without its receipt; copied.</param>
    /// <param name="outcomes">One <see cref="Wire.Outcome"/> an attribute, in the order asked.</param>
    public AnswerBytes(ReadOnlySpan<byte> response, byte[] outcomes)
    {
        _bytes = new byte[response.Length + LookupTrail.ReceiptBytesMax];
        _length = response.Length;
        response.CopyTo(_bytes);
        Outcomes = outcomes;
    }

    public byte[] Outcomes { get; }

    /// <summary>Nothing of all that was asked is known of the subject.</summary>
    public bool IsMiss => !Outcomes.AsSpan().ContainsAnyExcept((byte)Wire.Outcome.Absent);

    /// <summary>Without the receipt: what the audit entry holds the hash of.</summary>
    public ReadOnlyMemory<byte> Response => _bytes.AsMemory(0, _length);

    /// <param name="receipt">The receipt's field, serialized: the last field of the message.</param>
    public ReadOnlyMemory<byte> With(ReadOnlySpan<byte> receipt)
    {
        receipt.CopyTo(_bytes.AsSpan(_length));
        return _bytes.AsMemory(0, _length + receipt.Length);
    }
}
