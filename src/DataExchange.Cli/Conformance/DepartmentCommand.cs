using System.ComponentModel;
using System.Diagnostics;

namespace DataExchange.Cli.Conformance;

/// <summary>How a command of the file ended.</summary>
/// <param name="ExitCode">Null where it was not there, or had to be ended.</param>
/// <param name="Spoke">Whether it said anything. What it said is not kept: it could be about somebody.</param>
internal readonly record struct CommandEnd(int? ExitCode, bool Spoke, bool Started)
{
    public override string ToString() => this switch
    {
        { Started: false } => "could not be started",
        { ExitCode: { } code } => $"ended with exit code {code}, and said {(Spoke ? "something" : "nothing")}",
        _ => "did not end in time",
    };
}

/// <summary>Runs what makes the department do something: without a shell, for a bounded time, then ended with all that it started.</summary>
internal static class DepartmentCommand
{
    /// <summary>For what an ended command wrote last; what it left running may hold its output open for good.</summary>
    private static readonly TimeSpan OutputGrace = TimeSpan.FromSeconds(1);

    public static async Task<CommandEnd> RunAsync(IReadOnlyList<string> command, VerifyConfig config, CancellationToken stop)
    {
        // A bare name is looked up in PATH; a path begins at the file's folder, as every other one of the file.
        var program = command[0].Contains('/', StringComparison.Ordinal) ? Path.GetFullPath(command[0], config.Folder) : command[0];
        var start = new ProcessStartInfo(program, command.Skip(1))
        {
            WorkingDirectory = config.Folder, RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
        };
        using var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        process.Exited += (_, _) => ended.TrySetResult();
        var spoke = false;
        process.OutputDataReceived += (_, line) => spoke |= line.Data is { Length: > 0 };
        process.ErrorDataReceived += (_, line) => spoke |= line.Data is { Length: > 0 };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            return new CommandEnd(null, false, Started: false);
        }

        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var late = CancellationTokenSource.CreateLinkedTokenSource(stop);
        late.CancelAfter(config.Limits.Command);
        try
        {
            await ended.Task.WaitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            stop.ThrowIfCancellationRequested();
            return new CommandEnd(null, spoke, Started: true);
        }

        await Task.WhenAny(process.WaitForExitAsync(stop), Task.Delay(OutputGrace, stop));
        return new CommandEnd(process.ExitCode, spoke, Started: true);
    }
}
