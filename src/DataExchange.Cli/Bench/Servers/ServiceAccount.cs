using System.Diagnostics;

namespace DataExchange.Cli.Bench;

/// <summary>
/// Runs an installed server's programs as its own user when this process is root, since PostgreSQL refuses root and RabbitMQ's
/// wrapper on PATH drops the environment; as the present user otherwise.
/// </summary>
internal static class ServiceAccount
{
    public static ProcessStartInfo Start(string user, string program, params string[] arguments)
    {
        var start = new ProcessStartInfo();
        if (Environment.IsPrivilegedProcess)
        {
            start.FileName = "setpriv";
            foreach (var argument in new[] { $"--reuid={user}", $"--regid={user}", "--clear-groups", program })
                start.ArgumentList.Add(argument);
        }
        else
        {
            start.FileName = program;
        }

        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return start;
    }

    /// <summary>A new folder that the server's user owns.</summary>
    public static string Folder(string user, string path)
    {
        Directory.CreateDirectory(path);
        if (Environment.IsPrivilegedProcess)
        {
            using var chown = Process.Start("chown", [user, path]);
            chown.WaitForExit();
        }

        return path;
    }

    /// <summary>The newest of the installed versions of a program.</summary>
    /// <param name="pattern">Folder below <paramref name="root"/>, as <c>rabbitmq_server-*</c>.</param>
    /// <exception cref="BenchUnavailableException">It is not installed.</exception>
    public static string Find(string root, string pattern, string program, string package, string option)
    {
        var folders = Directory.Exists(root) ? Directory.GetDirectories(root, pattern) : [];
        var found = folders.Select(folder => Path.Combine(folder, program)).Where(File.Exists).Order(StringComparer.Ordinal).LastOrDefault();
        return found ?? throw new BenchUnavailableException(
            $"{package} is not installed: install it (apt-get install {package}), or give the address of a running server with {option}.");
    }
}
