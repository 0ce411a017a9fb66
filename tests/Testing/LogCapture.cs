using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;
using NUnit.Framework;

namespace DataExchange.Testing;

/// <summary>One log entry with everything a log store could get to see of it.</summary>
public sealed record CapturedLog(LogLevel Level, string Category, EventId EventId, string Message, string State, Exception? Exception)
{
    public override string ToString() => $"{Level} {Category} {EventId.Id} {EventId.Name}: {Message} [{State}] {Exception}";
}

/// <summary>
/// Collects every log entry of a host under test: <c>builder.Logging.AddProvider(logs)</c>. <see cref="VerifyNoErrors"/> in the tear-down
/// makes an error nobody expected fail the test. Thread safe.
/// </summary>
public sealed class LogCapture : ILoggerProvider
{
    private readonly ConcurrentQueue<CapturedLog> _logs = new();
    private readonly ConcurrentDictionary<string, byte> _expected = new();

    public IReadOnlyList<CapturedLog> All => [.. _logs];

    /// <summary>For searching: all entries as text.</summary>
    public string Text => string.Join('\n', _logs);

    /// <summary>Errors of this event name are part of the test.</summary>
    public LogCapture Expect(string eventName)
    {
        _expected[eventName] = 0;
        return this;
    }

    /// <exception cref="AssertionException">An entry of level Error or Critical whose event was not expected.</exception>
    public void VerifyNoErrors()
    {
        var unexpected = _logs.Where(log => log.Level >= LogLevel.Error && !_expected.ContainsKey(log.EventId.Name ?? "")).ToList();
        Assert.That(unexpected, Is.Empty, "unexpected error logs");
    }

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, _logs);

    public void Dispose()
    {
    }

    private sealed class Logger(string category, ConcurrentQueue<CapturedLog> logs) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var fields = state is IEnumerable<KeyValuePair<string, object?>> pairs
                ? string.Join(", ", pairs.Select(pair => string.Create(CultureInfo.InvariantCulture, $"{pair.Key}={pair.Value}")))
                : "";
            logs.Enqueue(new CapturedLog(logLevel, category, eventId, formatter(state, exception), fields, exception));
        }
    }
}
