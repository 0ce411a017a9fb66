namespace DataExchange.Hosting;

/// <summary>Files that are whole or not there, whenever the process or the machine stops: written beside their name, synced, then renamed.</summary>
public static class WholeFile
{
    /// <summary>Readable and writable by the owner, by nobody else.</summary>
    public const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>Durable on return. One writer of a path at a time.</summary>
    /// <param name="path">Its folder is made if it is missing.</param>
    /// <param name="mode">From the first byte on; means nothing on Windows.</param>
    /// <param name="overwrite">Replaces a file that is there; otherwise that is an error.</param>
    /// <exception cref="IOException">The disk refuses, or the file is there and stays as it is.</exception>
    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode, bool overwrite)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        Directory.CreateDirectory(folder);
        var draft = path + ".new";
        File.Delete(draft);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = mode;
        using (var file = new FileStream(draft, options))
        {
            file.Write(content);
            file.Flush();
            Durability.Sync(file.SafeFileHandle);
        }

        File.Move(draft, path, overwrite);
        Durability.SyncDirectory(folder);
    }
}
