using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DataExchange.Testing;

/// <summary>A program of our own starting: output captured, readiness awaited, ended by its own process id. Thread safe.</summary>
public sealed class ServerProcess : IAsyncDisposable
{
    private const int LinesMax = 20_000;
    private const int SignalTerminate = 15;
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly TaskCompletionSource _outputEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _openStreams = 2;
    private bool _disposed;

    private ServerProcess(ProcessStartInfo start)
    {
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        Name = Path.GetFileName(start.FileName);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Take(line.Data);
        _process.ErrorDataReceived += (_, line) => Take(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public string Name { get; }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>Standard output and error as they came; the first lines go once there are more than 20,000.</summary>
    public string Output => string.Join('\n', _lines);

    public StreamWriter Input => _process.StandardInput;

    public static ServerProcess Start(ProcessStartInfo start) => new(start);

    /// <param name="environment">Added to this process's own.</param>
    public static ServerProcess Start(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? workingFolder = null)
    {
        var start = new ProcessStartInfo(file, arguments) { WorkingDirectory = workingFolder ?? "" };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return new ServerProcess(start);
    }

    /// <summary>Starts a .NET program that was built beside the tests, such as <c>dx</c> or <c>DataExchange.Broker</c>.</summary>
    public static ServerProcess StartDotnet(
        string assembly, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? workingFolder = null) =>
        Start("dotnet", [Path.Combine(AppContext.BaseDirectory, assembly + ".dll"), .. arguments], environment, workingFolder);

    /// <summary>Runs a command to its end and gives its output.</summary>
    /// <exception cref="InvalidOperationException">Its exit code is not 0; the text holds its output.</exception>
    public static async Task<string> RunAsync(ProcessStartInfo start)
    {
        await using var process = Start(start);
        var exitCode = await process.WaitForExitAsync(Eventually.DefaultTimeout * 2);
        return exitCode == 0
            ? process.Output
            : throw new InvalidOperationException($"{start.FileName} {string.Join(' ', start.ArgumentList)} ended with {exitCode}:\n{process.Output}");
    }

    /// <summary>Returns the first line that has <paramref name="text"/> in it, also one that came before.</summary>
    /// <exception cref="InvalidOperationException">The process ended without it.</exception>
    public Task<string> WaitForLineAsync(string text, TimeSpan? timeout = null, CancellationToken cancellationToken = default) =>
        WaitUntilAsync($"'{text}' in the output", () => Task.FromResult(_lines.FirstOrDefault(line => line.Contains(text, StringComparison.Ordinal))), timeout, cancellationToken);

    /// <summary>Waits until <paramref name="probe"/> answers, and stops waiting when the process ends.</summary>
    /// <exception cref="InvalidOperationException">The process ended before; the text holds its output.</exception>
    public async Task<T> WaitUntilAsync<T>(string what, Func<Task<T?>> probe, TimeSpan? timeout = null, CancellationToken cancellationToken = default)
        where T : class
    {
        var (answer, _) = await Eventually.Async(
            $"{Name}: {what}",
            async () =>
            {
                // In this order: what a process said before it ended still counts.
                var ended = _outputEnded.Task.IsCompleted;
                return (Answer: await probe(), Ended: ended);
            },
            state => state.Answer is not null || state.Ended,
            timeout,
            cancellationToken);
        return answer ?? throw new InvalidOperationException($"{Name} ended before {what}:\n{Output}");
    }

    /// <exception cref="TimeoutException">It still runs; it is left running.</exception>
    public async Task<int> WaitForExitAsync(TimeSpan? timeout = null, CancellationToken cancellationToken = default)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(timeout ?? Eventually.DefaultTimeout);
        try
        {
            // Waits for the ends of both outputs too.
            await _process.WaitForExitAsync(limit.Token);
            return _process.ExitCode;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"{Name} did not end in time. Its output:\n{Output}");
        }
    }

    /// <summary>SIGKILL, to it and its children, as a crash would.</summary>
    public async Task KillAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await WaitForExitAsync(StopTimeout);
    }

    /// <summary>SIGTERM, then waits for the end.</summary>
    public Task<int> StopAsync() => StopAsync(SignalTerminate);

    /// <param name="signal">As of kill(2).</param>
    public async Task<int> StopAsync(int signal)
    {
        Signal(signal);
        return await WaitForExitAsync(StopTimeout);
    }

    /// <summary>Sends it a signal, for instance 19 to freeze it and 18 to let it go on. Nothing happens if it has ended.</summary>
    public void Signal(int signal)
    {
        if (!_process.HasExited && Kill(_process.Id, signal) != 0 && !_process.HasExited)
            throw new InvalidOperationException($"{Name} did not take signal {signal}.");
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true))
            return;
        await KillAsync();
        _process.Dispose();
    }

    private void Take(string? line)
    {
        if (line is null)
        {
            if (Interlocked.Decrement(ref _openStreams) == 0)
                _outputEnded.TrySetResult();
            return;
        }

        _lines.Enqueue(line);
        while (_lines.Count > LinesMax)
            _lines.TryDequeue(out _);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
