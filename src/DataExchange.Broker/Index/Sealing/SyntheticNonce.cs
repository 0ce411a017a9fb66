using System.Security.Cryptography;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// The nonce of what is sealed, made from what is sealed: SHA-512(key || associated data || plain text), cut to 96 bits. Two texts never
/// share a nonce, and one text sealed twice gives the same bytes twice, which tells nobody anything; no counter and no random generator has
/// to survive a restored backup or a cloned machine for that. Cut by 416 bits, a hash with its key in front cannot be extended.
/// </summary>
internal static class SyntheticNonce
{
    private const int KeptBytes = 1 << 16;

    [ThreadStatic]
    private static byte[]? _ofThread;

    /// <param name="key">16 bytes or more, used for nothing else.</param>
    /// <param name="associated">Of a form that tells where it ends.</param>
    /// <param name="nonce">Takes <see cref="Aes256Gcm.NonceBytes"/> bytes.</param>
    public static void Make(ReadOnlySpan<byte> key, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> plain, Span<byte> nonce)
    {
        Span<byte> hash = stackalloc byte[SHA512.HashSizeInBytes];
        var length = key.Length + associated.Length + plain.Length;
        var text = length <= KeptBytes ? (_ofThread ??= new byte[KeptBytes]).AsSpan(0, length) : new byte[length];
        key.CopyTo(text);
        associated.CopyTo(text[key.Length..]);
        plain.CopyTo(text[(key.Length + associated.Length)..]);
        _ = Sodium.Sha512(hash, text, (ulong)length);
        CryptographicOperations.ZeroMemory(text);
        hash[..Aes256Gcm.NonceBytes].CopyTo(nonce);
    }
}
