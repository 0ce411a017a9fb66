namespace DataExchange.Testing;

/// <summary>Runs a server as the account its package made for it: PostgreSQL refuses to run as root, RabbitMQ's files belong to its own user.</summary>
/// <param name="Name">Used when the tests run as root; otherwise the server runs as whoever runs the tests.</param>
internal sealed record ServiceAccount(string Name)
{
    private static bool IsRoot => Environment.UserName == "root";

    public ServerProcess Start(string file, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string folder) =>
        IsRoot
            ? ServerProcess.Start("setpriv", ["--reuid", Name, "--regid", Name, "--clear-groups", file, .. arguments], environment, folder)
            : ServerProcess.Start(file, arguments, environment, folder);

    public async Task<string> RunAsync(string file, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment, string folder)
    {
        await using var process = Start(file, arguments, environment, folder);
        return await process.WaitForExitAsync(TimeSpan.FromMinutes(1)) == 0
            ? process.Output
            : throw new InvalidOperationException($"{file} {string.Join(' ', arguments)} failed:\n{process.Output}");
    }

    /// <summary>Hands the folder over to the account.</summary>
    public async Task OwnAsync(string folder)
    {
        if (IsRoot)
            await ServerProcess.RunAsync("chown", ["-R", $"{Name}:{Name}", folder]);
    }
}
