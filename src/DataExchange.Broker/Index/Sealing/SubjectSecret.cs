using System.Security.Cryptography;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// The secret of one subject: 32 random bytes, made when its record is first written, and all that its values and its place in the audit
/// log hang on. What is derived from it, by the one-step key derivation of NIST SP 800-56C with SHA-512:
/// <code>
/// SHA-512(0x00000001 || secret || "dataexchange.subject.v1") = data key (32) || nonce key (16) || pseudonym (16)
/// </code>
/// One hash instead of HKDF's two or three, since each lookup pays for it, and a random secret needs no extraction.
/// </summary>
internal static class SubjectSecret
{
    public const int Bytes = 32;

    /// <summary>Length of all that is derived.</summary>
    public const int DerivedBytes = 64;

    private static ReadOnlySpan<byte> Counter => [0, 0, 0, 1];

    private static ReadOnlySpan<byte> Use => "dataexchange.subject.v1"u8;

    public static void Derive(ReadOnlySpan<byte> secret, Span<byte> derived)
    {
        Span<byte> text = stackalloc byte[Counter.Length + Bytes + Use.Length];
        Counter.CopyTo(text);
        secret.CopyTo(text[Counter.Length..]);
        Use.CopyTo(text[(Counter.Length + Bytes)..]);
        _ = Sodium.Sha512(derived, text, (ulong)text.Length);
        CryptographicOperations.ZeroMemory(text);
    }

    public static ReadOnlySpan<byte> DataKey(ReadOnlySpan<byte> derived) => derived[..32];

    public static ReadOnlySpan<byte> NonceKey(ReadOnlySpan<byte> derived) => derived[32..48];

    public static Pseudonym Pseudonym(ReadOnlySpan<byte> derived) => Sealing.Pseudonym.Read(derived[48..]);
}
