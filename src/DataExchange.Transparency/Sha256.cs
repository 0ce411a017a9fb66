using System.Security.Cryptography;

namespace DataExchange.Transparency;

/// <summary>SHA-256 with one instance a thread: a new one for each hash costs more than hashing a kilobyte. Thread safe.</summary>
public static class Sha256
{
    public const int Bytes = SHA256.HashSizeInBytes;

    [ThreadStatic]
    private static IncrementalHash? _ofThread;

    /// <summary>The hash of <paramref name="first"/> and <paramref name="second"/> joined.</summary>
    public static void Hash(ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, Span<byte> hash)
    {
        var sha256 = _ofThread ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha256.AppendData(first);
        sha256.AppendData(second);
        sha256.GetHashAndReset(hash);
    }
}
