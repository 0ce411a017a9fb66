using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using DataExchange.Adapter;
using DataExchange.Cli.Hosts;
using DataExchange.Hosting;
using HdrHistogram;

namespace DataExchange.Cli.Bench;

/// <summary>The department of the ingest benchmark, a child process: the adapter as any department runs it, over a source that can be held.</summary>
internal static class IngestDepartment
{
    public const string Go = "go";
    public const string Pause = "pause";
    public const string Figures = "figures";

    public static async Task RunAsync(string config, IEnumerable<Wire.Change> changes, CancellationToken cancellationToken)
    {
        var builder = ConfiguredHost.Create(config);
        var source = new HeldSource(changes);
        builder.Services.AddExchangeBus(builder.Configuration);
        builder.AddDepartmentAdapter().AddChangeSource(_ => source).UseBus();
        builder.AddExchangeLogging();
        await using var app = builder.Build();
        app.MapDepartmentAdapter();
        await app.StartAsync(cancellationToken);

        var progress = app.Services.GetRequiredService<AdapterProgress>();
        var passing = source.WatchAsync(progress, cancellationToken);
        await ChildConsole.AnswerAsync(Answer, cancellationToken);

        string Answer(string question)
        {
            if (passing.IsFaulted)
                return passing.Exception.ToString();
            if (question == Figures)
                return $"{progress.Figures.LastSequence} {progress.Figures.HubWatermark} {source.TakeLatencies()}";
            source.Held = question == Pause;
            return "";
        }
    }

    /// <summary>Gives changes while it is not held, and measures how long some of them take to the hub's watermark.</summary>
    private sealed class HeldSource(IEnumerable<Wire.Change> changes) : IChangeSource
    {
        private const ulong SampledEvery = 1_000;

        private static readonly TimeSpan HoldInterval = TimeSpan.FromMilliseconds(20);

        private readonly IEnumerator<Wire.Change> _changes = changes.GetEnumerator();
        private readonly ConcurrentQueue<(ulong Sequence, long Given)> _sampled = new();
        private readonly LongHistogram _latencies = new(600_000_000, 3);
        private ulong _given;

        public volatile bool Held = true;

        public async IAsyncEnumerable<SourceChange> ReadAsync(string? checkpoint, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            while (true)
            {
                while (Held)
                    await Task.Delay(HoldInterval, cancellationToken);
                if (!_changes.MoveNext())
                    yield break;
                if (++_given % SampledEvery == 0)
                    _sampled.Enqueue((_given, Stopwatch.GetTimestamp()));
                yield return new SourceChange(_changes.Current, _given.ToString(System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        public async Task WatchAsync(AdapterProgress progress, CancellationToken cancellationToken)
        {
            var seen = 0UL;
            while (true)
            {
                seen = (await progress.WhenAsync(figures => figures.HubWatermark > seen, cancellationToken)).HubWatermark;
                while (_sampled.TryPeek(out var sample) && sample.Sequence <= seen && _sampled.TryDequeue(out _))
                {
                    lock (_latencies)
                        _latencies.RecordValue((long)Stopwatch.GetElapsedTime(sample.Given).TotalMicroseconds);
                }
            }
        }

        /// <summary>Median and 99th percentile in microseconds since the last call.</summary>
        public string TakeLatencies()
        {
            lock (_latencies)
            {
                var text = _latencies.TotalCount == 0 ? "0 0" : $"{_latencies.GetValueAtPercentile(50)} {_latencies.GetValueAtPercentile(99)}";
                _latencies.Reset();
                return text;
            }
        }
    }
}
