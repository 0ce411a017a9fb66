using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace DataExchange.Contracts;

/// <summary>Names keys everywhere by what they are: lower-case hexadecimal SHA-256 of the SubjectPublicKeyInfo.</summary>
public static class KeyId
{
    public const int Length = 64;

    public static string Of(ReadOnlySpan<byte> subjectPublicKeyInfo) => Convert.ToHexStringLower(SHA256.HashData(subjectPublicKeyInfo));

    public static string Of(X509Certificate2 certificate) => Of(certificate.PublicKey.ExportSubjectPublicKeyInfo());
}

/// <summary>
/// Signs and checks batches: ECDSA P-256, SHA-256, r||s of 64 bytes, over a domain prefix and the payload, so that no other
/// signature made with the same TLS key can pass for one.
/// </summary>
public static class BatchSignature
{
    public const int SignatureBytes = 64;

    private static ReadOnlySpan<byte> Domain => "dataexchange.change.v1\0"u8;

    /// <summary>Not thread safe with regard to <paramref name="key"/>.</summary>
    public static byte[] Sign(ECDsa key, ReadOnlySpan<byte> payload)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Digest(payload, digest);
        return key.SignHash(digest);
    }

    public static bool Verify(ECDsa key, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != SignatureBytes)
            return false;
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        Digest(payload, digest);
        return key.VerifyHash(digest, signature);
    }

    private static void Digest(ReadOnlySpan<byte> payload, Span<byte> digest)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Domain);
        hash.AppendData(payload);
        hash.GetHashAndReset(digest);
    }
}
