using System.Security.Cryptography;
using DataExchange.Hosting;

namespace DataExchange.Adapter;

/// <summary>
/// The locator key on disk: 32 random bytes, readable by the owner only, made once. Lost, every locator at the hub is worthless until
/// its attribute is published again: it belongs into the backup together with the outbox.
/// </summary>
internal static class LocatorKeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <exception cref="InvalidOperationException">The file has another length, or others than its owner can open it.</exception>
    public static LocatorKey Open(string path)
    {
        if (!File.Exists(path))
            Make(path);

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & ~OwnerOnly) != 0)
            throw new InvalidOperationException("The locator key can be opened by others than its owner: set its mode to 0600.");
        Span<byte> key = stackalloc byte[LocatorKey.KeyBytes];
        if (file.Length != key.Length)
            throw new InvalidOperationException($"The locator key must be {LocatorKey.KeyBytes} bytes: restore it from the backup.");
        file.ReadExactly(key);
        var opened = new LocatorKey(key);
        CryptographicOperations.ZeroMemory(key);
        return opened;
    }

    /// <summary>Under another name first: a key cut short by a crash must not be taken for one. No locator is made before it is durable.</summary>
    private static void Make(string path)
    {
        var temporary = path + ".new";
        File.Delete(temporary);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        using (var file = new FileStream(temporary, options))
        {
            file.Write(RandomNumberGenerator.GetBytes(LocatorKey.KeyBytes));
            file.Flush();
            Durability.Sync(file.SafeFileHandle);
        }
        File.Move(temporary, path);
        Durability.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }
}
