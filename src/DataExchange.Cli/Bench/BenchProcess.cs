using System.Diagnostics;
using System.Net.Sockets;
using System.Threading.Channels;

namespace DataExchange.Cli.Bench;

/// <summary>
/// A child process whose processor time and memory are read from the system while it runs. Ended, with its children, on disposal:
/// what it served is thrown away after the run, so nothing is lost by not asking it first.
/// </summary>
internal sealed class BenchProcess : IAsyncDisposable
{
    /// <summary>Starts a line of output that answers <see cref="AskAsync"/>; all other output goes to the log file.</summary>
    public const char AnswerMark = '@';

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);

    private readonly Channel<string> _answers = Channel.CreateUnbounded<string>();
    private readonly SemaphoreSlim _asking = new(1);
    private readonly Process _process;
    private readonly TextWriter _log;
    private readonly string _logPath;

    private BenchProcess(ProcessStartInfo start, string logPath)
    {
        _logPath = logPath;
        _log = TextWriter.Synchronized(new StreamWriter(logPath) { AutoFlush = true });
        start.RedirectStandardInput = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Take(e.Data);
        _process.ErrorDataReceived += (_, e) => Take(e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>Processor time used so far, user and system, in ticks of 10 ms on Linux; children not included.</summary>
    public TimeSpan Cpu
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public long ResidentBytes
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public static BenchProcess Start(ProcessStartInfo start, string logPath) => new(start, logPath);

    /// <summary>This program once more, with other arguments.</summary>
    public static BenchProcess StartSelf(string logPath, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var self = Environment.ProcessPath!;
        var start = new ProcessStartInfo(self);
        if (Path.GetFileNameWithoutExtension(self) == "dotnet")
            start.ArgumentList.Add(typeof(BenchProcess).Assembly.Location);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        return new BenchProcess(start, logPath);
    }

    /// <summary>One line to the child's standard input, and the line that it answers.</summary>
    /// <exception cref="BenchUnavailableException">The child has ended.</exception>
    public async Task<string> AskAsync(string question, CancellationToken cancellationToken)
    {
        await _asking.WaitAsync(cancellationToken);
        try
        {
            await _process.StandardInput.WriteLineAsync(question.AsMemory(), cancellationToken);
            await _process.StandardInput.FlushAsync(cancellationToken);
            return await _answers.Reader.ReadAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or ChannelClosedException)
        {
            throw Ended();
        }
        finally
        {
            _asking.Release();
        }
    }

    /// <exception cref="BenchUnavailableException">The child has ended, or does not listen in time.</exception>
    public async Task UntilListeningAsync(int port, TimeSpan limit, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        while (!await AcceptsAsync(port, cancellationToken))
        {
            if (_process.HasExited)
                throw Ended();
            if (watch.Elapsed > limit)
                throw new BenchUnavailableException($"{_process.StartInfo.FileName} does not listen after {limit.TotalSeconds} s; its output is in {_logPath}.", namesLog: true);
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    /// <exception cref="BenchUnavailableException">It ended with a failure.</exception>
    public async Task UntilEndedAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        if (_process.ExitCode != 0)
            throw Ended();
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
        _asking.Dispose();
        await _log.DisposeAsync();
    }

    private static async Task<bool> AcceptsAsync(int port, CancellationToken cancellationToken)
    {
        using var socket = new TcpClient();
        try
        {
            await socket.ConnectAsync("127.0.0.1", port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private void Take(string? line)
    {
        if (line is null)
            _answers.Writer.TryComplete();
        else if (line.StartsWith(AnswerMark))
            _answers.Writer.TryWrite(line[1..]);
        else
            _log.WriteLine(line);
    }

    private BenchUnavailableException Ended() => new($"{_process.StartInfo.FileName} has ended; its output is in {_logPath}.", namesLog: true);
}

/// <summary>What the benchmark needs is not there. The message says what, and the way out; exit code 3.</summary>
internal sealed class BenchUnavailableException(string message, bool namesLog = false) : Exception(message)
{
    /// <summary>The message sends the reader to a log file, which must stay.</summary>
    public bool NamesLog => namesLog;
}
