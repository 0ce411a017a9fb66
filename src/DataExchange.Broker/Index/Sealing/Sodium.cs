using System.Runtime.InteropServices;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>The few calls of libsodium that cost a fraction of the runtime's own. Each is one call without an object to be made or given back.</summary>
internal static partial class Sodium
{
    private const string Library = "libsodium";

    /// <returns>Not below 0 where the library can be used. May be called again.</returns>
    [LibraryImport(Library, EntryPoint = "sodium_init")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    internal static partial int Init();

    /// <returns>1 on processors with AES instructions.</returns>
    [LibraryImport(Library, EntryPoint = "crypto_aead_aes256gcm_is_available")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    internal static partial int IsAesAvailable();

    [LibraryImport(Library, EntryPoint = "crypto_aead_aes256gcm_encrypt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    internal static partial int Encrypt(
        Span<byte> cipher, nint cipherLength, ReadOnlySpan<byte> plain, ulong plainLength, ReadOnlySpan<byte> associated, ulong associatedLength,
        nint unused, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> key);

    [LibraryImport(Library, EntryPoint = "crypto_aead_aes256gcm_decrypt")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    internal static partial int Decrypt(
        Span<byte> plain, nint plainLength, nint unused, ReadOnlySpan<byte> cipher, ulong cipherLength, ReadOnlySpan<byte> associated,
        ulong associatedLength, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> key);

    [LibraryImport(Library, EntryPoint = "crypto_hash_sha512")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    internal static partial int Sha512(Span<byte> hash, ReadOnlySpan<byte> text, ulong length);
}
