namespace DataExchange.Hosting;

/// <summary>Files with secrets: read only while nobody but their owner can open them.</summary>
internal static class PrivateFile
{
    private const UnixFileMode OthersModes = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <param name="path">The file.</param>
    /// <param name="setting">The setting that names it, for the error text.</param>
    /// <exception cref="InvalidOperationException">On Unix: group or others have a right to the file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static string ReadAllText(string path, string setting)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        // Asked of the open file: a name could mean another file by now.
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(file.SafeFileHandle) & OthersModes) != 0)
            throw new InvalidOperationException($"The file of {setting} can be opened by others than its owner: set its mode to 0600.");
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
