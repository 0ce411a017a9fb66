using System.Security.Cryptography;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// The nonce of what is sealed, made from what is sealed: SHA-256(key || associated data || plain text), cut to 96 bits. Two texts never
/// share a nonce, and one text sealed twice gives the same bytes twice, which tells nobody anything; no counter and no random generator has
/// to survive a restored backup or a cloned machine for that. Cut by 160 bits, a hash with its key in front cannot be extended.
/// </summary>
internal static class SyntheticNonce
{
    public const int Bytes = 12;

    [ThreadStatic]
    private static IncrementalHash? _ofThread;

    /// <param name="key">16 bytes or more, used for nothing else.</param>
    /// <param name="associated">Of a form that tells where it ends.</param>
    public static void Make(ReadOnlySpan<byte> key, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> plain, Span<byte> nonce)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        var sha256 = _ofThread ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(key);
        sha256.AppendData(associated);
        sha256.AppendData(plain);
        sha256.GetHashAndReset(hash);
        hash[..Bytes].CopyTo(nonce);
    }
}
