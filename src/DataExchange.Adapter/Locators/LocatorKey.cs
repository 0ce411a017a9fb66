using System.Security.Cryptography;
using System.Text;
using DataExchange.Contracts;

namespace DataExchange.Adapter;

/// <summary>
/// Seals a subject's identifier into a locator that only this department can open. The same identifier always gives the same
/// locator, so that publishing again changes nothing; the nonce is a keyed hash of what is sealed, so that it never repeats
/// for another plaintext, not even on a restored copy of the machine.
/// </summary>
/// <remarks>
/// Locator: version (1 byte), nonce (12), AES-256-GCM of <c>scheme 0x00 value</c>, tag (16); the version is authenticated.
/// Thread safe.
/// </remarks>
internal sealed class LocatorKey
{
    public const int KeyBytes = 32;

    private const byte Version = 1;
    private const int NonceBytes = 12;
    private const int TagBytes = 16;
    private const int OverheadBytes = 1 + NonceBytes + TagBytes;

    /// <summary>Bytes of scheme and value together that still fit in a locator.</summary>
    public const int IdentifierBytesMax = WireLimits.LocatorBytesMax - OverheadBytes - 1;

    private readonly byte[] _sealKey;
    private readonly byte[] _nonceKey;

    public LocatorKey(ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyBytes);
        _sealKey = Derive(key, "dataexchange.locator.v1 seal");
        _nonceKey = Derive(key, "dataexchange.locator.v1 nonce");
        Check = Derive(key, "dataexchange.locator.v1 check");
    }

    /// <summary>Tells this key from any other, and gives nothing of it away.</summary>
    public ReadOnlyMemory<byte> Check { get; }

    /// <exception cref="ArgumentException">Scheme and value together are over <see cref="IdentifierBytesMax"/>.</exception>
    public byte[] Seal(string scheme, string value)
    {
        var plainBytes = Encoding.UTF8.GetByteCount(scheme) + 1 + Encoding.UTF8.GetByteCount(value);
        if (plainBytes > IdentifierBytesMax + 1)
            throw new ArgumentException("The identifier does not fit in a locator.", nameof(value));

        Span<byte> plain = stackalloc byte[plainBytes];
        var schemeBytes = Encoding.UTF8.GetBytes(scheme, plain);
        plain[schemeBytes] = 0;
        Encoding.UTF8.GetBytes(value, plain[(schemeBytes + 1)..]);

        var locator = new byte[OverheadBytes + plainBytes];
        locator[0] = Version;
        var nonce = locator.AsSpan(1, NonceBytes);
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_nonceKey, plain, hash);
        hash[..NonceBytes].CopyTo(nonce);

        using var aes = new AesGcm(_sealKey, TagBytes);
        aes.Encrypt(nonce, plain, locator.AsSpan(1 + NonceBytes, plainBytes), locator.AsSpan(locator.Length - TagBytes), locator.AsSpan(0, 1));
        return locator;
    }

    /// <summary>False for anything that this key has not sealed.</summary>
    public bool TryOpen(ReadOnlySpan<byte> locator, out Identifier identifier)
    {
        identifier = default;
        if (locator.Length is <= OverheadBytes or > WireLimits.LocatorBytesMax || locator[0] != Version)
            return false;

        Span<byte> plain = stackalloc byte[locator.Length - OverheadBytes];
        using var aes = new AesGcm(_sealKey, TagBytes);
        try
        {
            aes.Decrypt(locator.Slice(1, NonceBytes), locator.Slice(1 + NonceBytes, plain.Length), locator[^TagBytes..], plain, locator[..1]);
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }

        var end = plain.IndexOf((byte)0);
        if (end < 0)
            return false;
        identifier = new Identifier(Encoding.UTF8.GetString(plain[..end]), Encoding.UTF8.GetString(plain[(end + 1)..]));
        return true;
    }

    private static byte[] Derive(ReadOnlySpan<byte> key, string use)
    {
        var derived = new byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, derived, salt: default, Encoding.ASCII.GetBytes(use));
        return derived;
    }
}
