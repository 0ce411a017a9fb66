using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;

namespace DataExchange.Cli.Bench;

/// <summary>
/// Our path of ingest: a department process that reads its source, stores, signs and publishes, and a hub process that verifies, applies
/// durably and acknowledges; a change counts when the watermark that the department reads from the hub has passed it.
/// </summary>
internal sealed class IngestExchange(BenchProcess hub, BenchProcess department) : IIngestPath
{
    private static readonly TimeSpan LeadIn = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(60);

    public async Task<Measurement> MeasureAsync(TimeSpan window, CancellationToken cancellationToken)
    {
        await department.AskAsync(IngestDepartment.Go, cancellationToken);
        await Task.Delay(LeadIn, cancellationToken);
        var (first, cpu, watch) = (await FiguresAsync(cancellationToken), hub.Cpu, Stopwatch.StartNew());
        await Task.Delay(window, cancellationToken);
        var (last, used, elapsed) = (await FiguresAsync(cancellationToken), hub.Cpu - cpu, watch.Elapsed);
        await department.AskAsync(IngestDepartment.Pause, cancellationToken);
        await DrainAsync(cancellationToken);
        var changes = (double)(last.Watermark - first.Watermark);
        return new Measurement(changes / elapsed.TotalSeconds, last.P50, last.P99, used.TotalMicroseconds / changes);
    }

    /// <summary>Lets the path run until so many changes have passed, and tells every <paramref name="step"/> what both processes hold in memory.</summary>
    public async Task RunAsync(ulong changes, ulong step, Action<IngestMemory> tell, CancellationToken cancellationToken)
    {
        var (first, watch) = ((await FiguresAsync(cancellationToken)).Watermark, Stopwatch.StartNew());
        await department.AskAsync(IngestDepartment.Go, cancellationToken);
        for (var told = 0UL; told < changes;)
        {
            await Task.Delay(PollInterval, cancellationToken);
            var passed = (await FiguresAsync(cancellationToken)).Watermark - first;
            if (passed < told + step && passed < changes)
                continue;
            told = passed / step * step;
            tell(new IngestMemory(passed, watch.Elapsed, hub.ResidentBytes, department.ResidentBytes));
        }

        await department.AskAsync(IngestDepartment.Pause, cancellationToken);
        await DrainAsync(cancellationToken);
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        while (await FiguresAsync(cancellationToken) is var figures && figures.Watermark < figures.Stored)
        {
            if (watch.Elapsed > DrainLimit)
                throw new BenchUnavailableException($"The hub has applied {figures.Watermark} of {figures.Stored} changes and does not go on.");
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    private async Task<Figures> FiguresAsync(CancellationToken cancellationToken)
    {
        var parts = (await department.AskAsync(IngestDepartment.Figures, cancellationToken)).Split(' ');
        return new Figures(Number(parts[0]), Number(parts[1]), Number(parts[2]), Number(parts[3]));
    }

    private static ulong Number(string text) => ulong.Parse(text, CultureInfo.InvariantCulture);

    /// <param name="P50">Of the changes that passed since the figures were last read.</param>
    private readonly record struct Figures(ulong Stored, ulong Watermark, ulong P50, ulong P99);
}

/// <summary>What hub and department hold in memory after so many changes; a line of output.</summary>
internal readonly record struct IngestMemory(ulong Changes, TimeSpan Elapsed, long HubBytes, long DepartmentBytes)
{
    public JsonObject ToJson() => new()
    {
        ["operation"] = "ingest-memory",
        ["changes"] = Changes,
        ["seconds"] = Math.Round(Elapsed.TotalSeconds, 1),
        ["hub_rss_mib"] = HubBytes >> 20,
        ["department_rss_mib"] = DepartmentBytes >> 20,
    };
}
