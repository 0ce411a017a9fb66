namespace DataExchange.Broker.Index.Sealing;

/// <summary>Derives the keys of a cluster's identifiers, each once and only if needed, and opens their values. Lives as long as one read.</summary>
/// <param name="keys">The hub's.</param>
/// <param name="identifiers">Of the cluster.</param>
/// <param name="secrets">Where in <paramref name="contents"/> the wrapped secret of each lies; negative where there is none.</param>
/// <param name="contents">What was read.</param>
internal readonly ref struct ClusterOpener(WrappingKeys keys, List<SubjectKey> identifiers, List<int> secrets, ReadOnlySpan<byte> contents)
{
    private readonly ReadOnlySpan<byte> _contents = contents;
    private readonly RecordOpener?[] _openers = new RecordOpener?[secrets.Count];

    /// <exception cref="IndexCorruptionException">No wrapping key opens its secret.</exception>
    public Pseudonym PseudonymOf(int identifier) => secrets[identifier] < 0 ? default : Of(identifier).Pseudonym;

    /// <returns>False if a sealed value cannot be opened.</returns>
    public bool TryRead(int identifier, ReadOnlySpan<byte> content, bool isSealed, in SealedPlace place, Span<byte> value)
    {
        if (isSealed)
            return secrets[identifier] >= 0 && Of(identifier).TryOpen(content, place, value);
        content.CopyTo(value);
        return true;
    }

    private RecordOpener Of(int identifier) =>
        _openers[identifier] ??= new RecordOpener(keys, identifiers[identifier], _contents.Slice(secrets[identifier], WrappingKey.WrappedBytes));
}
