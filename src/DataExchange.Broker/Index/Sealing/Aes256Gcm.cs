using System.Security.Cryptography;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// AES-256-GCM for a key that is used once or twice, as a subject's is: libsodium takes key, nonce and text in one call, where the runtime
/// makes a cipher object for each key, which costs some ten times the work. The runtime stands in on processors without AES instructions, which
/// libsodium leaves alone; the bytes are the same. Thread safe.
/// </summary>
internal static class Aes256Gcm
{
    public const int KeyBytes = 32;
    public const int NonceBytes = 12;
    public const int TagBytes = 16;

    private static readonly bool IsNative = Sodium.Init() >= 0 && Sodium.IsAesAvailable() == 1;

    /// <param name="nonce"><see cref="NonceBytes"/> bytes, never the same for two texts under one key.</param>
    /// <param name="cipher"><see cref="TagBytes"/> longer than <paramref name="plain"/>: the tag comes last.</param>
    public static void Seal(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> plain, Span<byte> cipher)
    {
        if (!IsNative)
            SealManaged(key, nonce, associated, plain, cipher);
        else if (Sodium.Encrypt(cipher, 0, plain, (ulong)plain.Length, associated, (ulong)associated.Length, 0, nonce, key) != 0)
            throw new CryptographicException("The text could not be sealed.");
    }

    /// <param name="cipher">With its tag.</param>
    /// <param name="plain"><see cref="TagBytes"/> shorter; holds nothing of use where it is false.</param>
    /// <returns>False unless it was sealed just so.</returns>
    public static bool TryOpen(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> cipher, Span<byte> plain) =>
        IsNative
            ? Sodium.Decrypt(plain, 0, 0, cipher, (ulong)cipher.Length, associated, (ulong)associated.Length, nonce, key) == 0
            : TryOpenManaged(key, nonce, associated, cipher, plain);

    internal static void SealManaged(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> plain, Span<byte> cipher)
    {
        using var aes = new AesGcm(key, TagBytes);
        aes.Encrypt(nonce, plain, cipher[..^TagBytes], cipher[^TagBytes..], associated);
    }

    internal static bool TryOpenManaged(ReadOnlySpan<byte> key, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> associated, ReadOnlySpan<byte> cipher, Span<byte> plain)
    {
        using var aes = new AesGcm(key, TagBytes);
        try
        {
            aes.Decrypt(nonce, cipher[..^TagBytes], cipher[^TagBytes..], plain, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }
}
