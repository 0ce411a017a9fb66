using System.Diagnostics;
using NUnit.Framework;

namespace DataExchange.Testing;

/// <summary>A file system of a few megabytes in memory, to be filled up. Only root can mount one: for others the test counts as inconclusive.</summary>
public sealed class SmallDisk : IDisposable
{
    private readonly TempFolder _folder = new();

    public SmallDisk(int megabytes) =>
        Assume.That(Run("mount", "-t", "tmpfs", "-o", $"size={megabytes}m", "tmpfs", _folder.Path), Is.Zero, "a small file system cannot be mounted here");

    public string this[string name] => _folder[name];

    public void Dispose()
    {
        Run("umount", "--lazy", _folder.Path);
        _folder.Dispose();
    }

    private static int Run(string file, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(file, arguments) { RedirectStandardError = true })!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
