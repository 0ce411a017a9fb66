namespace DataExchange.Hosting;

/// <summary>Files with secrets: read only while nobody but their owner can open them.</summary>
public static class PrivateFile
{
    private const UnixFileMode OthersModes = UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>For reading.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">What an error text calls it, as <c>hub key file</c> or <c>file of Tls:KeyPath</c>.</param>
    /// <exception cref="InvalidOperationException">On Unix: group or others have a right to the file.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static FileStream Open(string path, string name)
    {
        var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        // Asked of the open file: a name could mean another file by now.
        if (OperatingSystem.IsWindows() || (File.GetUnixFileMode(file.SafeFileHandle) & OthersModes) == 0)
            return file;
        file.Dispose();
        throw new InvalidOperationException($"The {name} can be opened by others than its owner: set its mode to 0600.");
    }

    /// <inheritdoc cref="Open"/>
    public static string ReadAllText(string path, string name)
    {
        using var file = Open(path, name);
        using var reader = new StreamReader(file);
        return reader.ReadToEnd();
    }
}
