using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace DataExchange.Hosting;

/// <summary>
/// Makes files survive a power cut. The runtime's own flush reports success when fsync fails, so the system is called and checked here.
/// After a failure the file's state is unknown: MUST NOT be called again for it, since a second fsync can succeed without the lost pages.
/// </summary>
public static partial class Durability
{
    /// <summary>Returns once everything written to <paramref name="file"/> is on the disk.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public static void Sync(SafeFileHandle file)
    {
        var synced = OperatingSystem.IsWindows() ? Native.FlushFileBuffers(file)
            : OperatingSystem.IsLinux() ? Native.DataSync(file) == 0
            : Native.Sync(file) == 0;
        if (!synced)
            throw new IOException($"The disk did not take the data (error {Marshal.GetLastPInvokeError()}).");
    }

    /// <summary>Returns once the folder's list of files (created, renamed, removed) is on the disk. On Windows the file system does so by itself.</summary>
    /// <exception cref="IOException">The disk refused, or there is no such folder.</exception>
    public static void SyncDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            return;
        using var folder = new SafeFileHandle(Native.Open(path, flags: 0), ownsHandle: true);
        if (folder.IsInvalid || Native.Sync(folder) != 0)
            throw new IOException($"The disk did not take the folder's entries (error {Marshal.GetLastPInvokeError()}).");
    }

    private static partial class Native
    {
        /// <summary>fdatasync: the data and the length, without the time stamps.</summary>
        [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial int DataSync(SafeFileHandle file);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial int Sync(SafeFileHandle file);

        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial nint Open(string path, int flags);

        [LibraryImport("kernel32", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
        [return: MarshalAs(UnmanagedType.Bool)]
        internal static partial bool FlushFileBuffers(SafeFileHandle file);
    }
}
