namespace DataExchange.Broker.Index.Sealing;

/// <summary>The keys of one record's secret, to open its values and name its pseudonym.</summary>
internal sealed class RecordOpener
{
    private readonly SubjectKey _subject;
    private readonly byte[] _derived = new byte[SubjectSecret.DerivedBytes];
    private readonly bool _isOpen;

    /// <param name="wrapped">Empty for a record without a secret.</param>
    public RecordOpener(WrappingKeys keys, SubjectKey subject, ReadOnlySpan<byte> wrapped)
    {
        _subject = subject;
        _isOpen = !wrapped.IsEmpty && keys.TryDerive(wrapped, subject, _derived);
    }

    /// <exception cref="IndexCorruptionException">There is no secret, or no wrapping key opens it.</exception>
    public Pseudonym Pseudonym =>
        _isOpen ? SubjectSecret.Pseudonym(_derived) : throw new IndexCorruptionException("A record of the index has a secret that no wrapping key opens.");

    /// <returns>False if it was not sealed for this subject in this place.</returns>
    public bool TryOpen(ReadOnlySpan<byte> sealedValue, in SealedPlace place, Span<byte> value) => _isOpen && ValueSeal.TryOpen(_derived, sealedValue, place, value);

    /// <summary>The content of the entry that the reader stands at, unsealed.</summary>
    /// <exception cref="IndexCorruptionException">It cannot be unsealed.</exception>
    public ReadOnlySpan<byte> Open(ref readonly RecordReader entry, AttributeTable attributes, StreamTable streams)
    {
        if ((entry.Flags & EntryFlags.Sealed) == 0)
            return entry.Content;
        var value = new byte[entry.Content.Length - ValueSeal.OverheadBytes];
        var place = RecordSealer.Place(_subject, entry.Key, entry.Sequence, entry.AsOfTicks, attributes, streams);
        return TryOpen(entry.Content, place, value) ? value : throw new IndexCorruptionException("A value of the index cannot be unsealed.");
    }
}
