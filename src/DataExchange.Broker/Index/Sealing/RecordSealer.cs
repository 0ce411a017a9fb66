using System.Security.Cryptography;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>Seals what goes into one record after the other; a record without a secret gets one. The writer's own.</summary>
internal sealed class RecordSealer(WrappingKeys keys, AttributeTable attributes)
{
    private readonly byte[] _secret = new byte[SubjectSecret.Bytes];
    private readonly byte[] _wrapped = new byte[WrappingKey.WrappedBytes];
    private byte[] _sealed = new byte[4096];
    private SubjectKey _subject;
    private readonly byte[] _derived = new byte[SubjectSecret.DerivedBytes];
    private bool _isDerived;

    /// <summary>The secret of the record at hand, under the current wrapping key.</summary>
    public ReadOnlySpan<byte> Wrapped => _wrapped;

    /// <summary>Whether <see cref="Wrapped"/> is another than the record had.</summary>
    public bool IsNew { get; private set; }

    /// <param name="subject">Whose record comes next.</param>
    /// <param name="wrapped">As the record has it; empty if it has none.</param>
    /// <exception cref="IndexCorruptionException">No key here opens it.</exception>
    public void Start(SubjectKey subject, ReadOnlySpan<byte> wrapped)
    {
        _isDerived = false;
        _subject = subject;
        IsNew = true;
        if (wrapped.IsEmpty)
            RandomNumberGenerator.Fill(_secret);
        else if (WrappingKey.NumberOf(wrapped) != keys.Current.Number)
            Unwrap(wrapped);
        else
        {
            wrapped.CopyTo(_wrapped);
            IsNew = false;
            return;
        }

        keys.Current.Wrap(_secret, subject, _wrapped);
        CryptographicOperations.ZeroMemory(_secret);
    }

    /// <returns>The sealed value; valid until the next call.</returns>
    /// <exception cref="IndexCorruptionException">No key here opens the record's secret.</exception>
    public ReadOnlySpan<byte> Seal(EntryKey key, ulong sequence, long asOfTicks, ReadOnlySpan<byte> value, StreamTable streams)
    {
        if (!_isDerived && !keys.TryDerive(_wrapped, _subject, _derived))
            throw Unopened();
        _isDerived = true;

        var length = value.Length + ValueSeal.OverheadBytes;
        if (length > _sealed.Length)
            _sealed = new byte[Math.Max(length, _sealed.Length * 2)];
        ValueSeal.Seal(_derived, value, Place(_subject, key, sequence, asOfTicks, attributes, streams), _sealed.AsSpan(0, length));
        return _sealed.AsSpan(0, length);
    }

    public static SealedPlace Place(SubjectKey subject, EntryKey key, ulong sequence, long asOfTicks, AttributeTable attributes, StreamTable streams) =>
        new(subject, streams.Department(key.Stream), streams.Epoch(key.Stream), attributes.Find(key.Attribute), sequence, asOfTicks);

    private void Unwrap(ReadOnlySpan<byte> wrapped)
    {
        if (keys.Find(WrappingKey.NumberOf(wrapped)) is not { } key || !key.TryUnwrap(wrapped, _subject, _secret))
            throw Unopened();
    }

    private static IndexCorruptionException Unopened() => new("A record of the index has a secret that no wrapping key opens.");
}
