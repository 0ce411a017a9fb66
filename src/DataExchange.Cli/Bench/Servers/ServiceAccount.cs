using System.Diagnostics;

namespace DataExchange.Cli.Bench;

/// <summary>
/// Runs an installed server's programs as its own user when this process is root, since PostgreSQL refuses root and RabbitMQ's
/// wrapper on PATH drops the environment; as the present user otherwise.
/// </summary>
internal static class ServiceAccount
{
    public static ProcessStartInfo Start(
        string user, string folder, IReadOnlyDictionary<string, string> environment, string program, params string[] arguments)
    {
        string[] asUser = Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={user}", $"--regid={user}", "--clear-groups", program] : [program];
        var start = new ProcessStartInfo(asUser[0], [.. asUser[1..], .. arguments]) { WorkingDirectory = folder };
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return start;
    }

    /// <summary>Hands a folder and what is in it to the server's user.</summary>
    public static void Own(string user, string folder)
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        using var chown = Process.Start("chown", ["-R", $"{user}:{user}", folder]);
        chown.WaitForExit();
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
