using System.Security.Cryptography;
using DataExchange.Hosting;

namespace DataExchange.Broker.Index;

/// <summary>The file of the hub key. It lies outside the index, so that whoever gets the index alone can tell of nobody whether they are in it.</summary>
internal static class HubKeyFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <param name="path">The file.</param>
    /// <param name="mayCreate">Only while the index is empty: under a new key nobody in it would be found again.</param>
    /// <exception cref="InvalidOperationException">There is no key and none may be made, or the file is not a key file as it must be.</exception>
    public static byte[] LoadOrCreate(string path, bool mayCreate)
    {
        if (File.Exists(path))
            return Load(path);
        if (!mayCreate)
            throw new InvalidOperationException("The hub key file is missing but the index is not empty. Restore the file; without it nobody in the index can be found.");
        Create(path);
        return Load(path);
    }

    private static byte[] Load(string path)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnerOnly) != 0)
            throw new InvalidOperationException("The hub key file can be read by others. Make it readable by its owner only (mode 0600).");
        var key = File.ReadAllBytes(path);
        return key.Length == SubjectKeys.HubKeyBytes
            ? key
            : throw new InvalidOperationException($"The hub key file holds {key.Length} bytes instead of {SubjectKeys.HubKeyBytes}. Restore it.");
    }

    /// <summary>Under another name first, so that a crash never leaves half a key behind.</summary>
    private static void Create(string path)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnerOnly;
        using (var file = new FileStream(draft, options))
        {
            file.Write(RandomNumberGenerator.GetBytes(SubjectKeys.HubKeyBytes));
            file.Flush();
            Durability.Sync(file.SafeFileHandle);
        }
        File.Move(draft, path);
        Durability.SyncDirectory(folder);
    }
}
