using System.Security.Cryptography;
using DataExchange.Hosting;

namespace DataExchange.Adapter;

/// <summary>
/// The locator key on disk: 32 random bytes, readable by the owner only, made once. Lost, every locator at the hub is worthless until
/// its attribute is published again: it belongs into the backup together with the outbox.
/// </summary>
internal static class LocatorKeyFile
{
    /// <exception cref="InvalidOperationException">The file has another length, or others than its owner can open it.</exception>
    public static LocatorKey Open(string path)
    {
        // No locator is made before the key is durable.
        if (!File.Exists(path))
            KeyFile.Create(path, LocatorKey.KeyBytes);

        var key = KeyFile.Read(path, "locator key", LocatorKey.KeyBytes);
        var opened = new LocatorKey(key);
        CryptographicOperations.ZeroMemory(key);
        return opened;
    }
}
