using System.Collections.Immutable;
using System.Security.Cryptography;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// The wrapping keys of the hub: files <c>wrapping-N.key</c> of 32 random bytes, open to their owner only. The highest number wraps, all of
/// them unwrap: a further file begins a rotation. Thread safe.
/// </summary>
internal sealed class WrappingKeys
{
    public const string Prefix = "wrapping";

    private readonly NumberedKeyFiles _files;

    // Replaced, never changed.
    private volatile Ring _ring;

    private WrappingKeys(NumberedKeyFiles files, ImmutableArray<WrappingKey> keys) => (_files, _ring) = (files, new Ring(keys));

    /// <summary>The one that secrets are wrapped with from now on.</summary>
    public WrappingKey Current => _ring.Keys[^1];

    /// <summary>By number, ascending.</summary>
    public ImmutableArray<WrappingKey> All => _ring.Keys;

    /// <param name="files">Where they are.</param>
    /// <param name="mayCreate">Only while nothing in the index is wrapped: under a new key it could not be read.</param>
    /// <exception cref="InvalidOperationException">There is no key and none may be made, or a file is not a key file as it must be.</exception>
    public static WrappingKeys LoadOrCreate(NumberedKeyFiles files, bool mayCreate)
    {
        files.Require(mayCreate);
        return new WrappingKeys(files, [.. files.Numbers().Select(number => Load(files, number))]);
    }

    /// <summary>Reads the keys whose files have come since.</summary>
    /// <exception cref="InvalidOperationException">A new file is not a key file as it must be.</exception>
    public IReadOnlyList<WrappingKey> ReadNew() =>
        [.. _files.Numbers().Where(number => number > Current.Number).Select(number => Load(_files, number))];

    /// <summary>The writer's, between two records: the highest wraps from now on. Their fingerprints MUST be in the index already.</summary>
    public void TakeUp(IReadOnlyList<WrappingKey> added) => _ring = new Ring([.. _ring.Keys, .. added]);

    public WrappingKey? Find(uint number)
    {
        var keys = _ring.Keys;
        for (var i = keys.Length - 1; i >= 0; i--)
        {
            if (keys[i].Number == number)
                return keys[i];
        }
        return null;
    }

    /// <summary>Derives the keys of a subject from its wrapped secret, see <see cref="SubjectSecret"/>.</summary>
    /// <returns>False if no key here has wrapped it for this subject.</returns>
    public bool TryDerive(ReadOnlySpan<byte> wrapped, SubjectKey subject, Span<byte> derived)
    {
        Span<byte> secret = stackalloc byte[SubjectSecret.Bytes];
        if (Find(WrappingKey.NumberOf(wrapped)) is not { } key || !key.TryUnwrap(wrapped, subject, secret))
            return false;
        SubjectSecret.Derive(secret, derived);
        CryptographicOperations.ZeroMemory(secret);
        return true;
    }

    private static WrappingKey Load(NumberedKeyFiles files, uint number) => new(number, files.Read(number));

    private sealed record Ring(ImmutableArray<WrappingKey> Keys);
}
