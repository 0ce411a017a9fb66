using System.Text.Json;
using System.Text.Json.Serialization;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Ingest;

/// <summary>One department's stream as health tells it: sequences, reasons and times, nothing of any subject.</summary>
internal sealed record StreamHealth
{
    public ulong Watermark { get; init; }

    /// <summary>How far back the newest moment lies for which the index has everything; null before the first batch.</summary>
    public double? CurrentAsOfAgeSeconds { get; init; }

    public ulong? GapFrom { get; init; }

    public DateTimeOffset? GapSince { get; init; }

    /// <summary>Missing sequences in all.</summary>
    public ulong Missing { get; init; }

    /// <summary>Why the last refill did not close the gap.</summary>
    public string? RefillFailure { get; init; }

    public string? QuarantineReason { get; init; }

    public DateTimeOffset? QuarantinedSince { get; init; }

    public string? RejectionReason { get; init; }

    /// <summary>Names the field and the rule, never the value.</summary>
    public string? RejectionDetail { get; init; }

    public ulong? RejectionFirstSequence { get; init; }

    public DateTimeOffset? RejectedAt { get; init; }

    [JsonIgnore]
    public bool IsWell => GapFrom is null && QuarantineReason is null && RejectionReason is null;
}

/// <summary>
/// Whether the index has everything that the departments have published. Degraded, never unhealthy: the hub goes on answering and
/// marks what is stale.
/// </summary>
internal sealed class StreamHealthCheck(
    StreamStates streams, RejectionLog rejections, GapRefill refill, IOptions<IngestOptions> options, TimeProvider clock) : IHealthCheck
{
    /// <summary>The key under which batches show that no registered key has signed. No department's id can be this.</summary>
    public const string UnprovenKey = "(unproven)";

    // As the rest of the health document: camel case, and nothing where there is nothing to say.
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var streamed = streams.All.ToDictionary(stream => stream.Department.Value, stream => HealthOf(stream.Department, stream));
        foreach (var department in rejections.Departments)
            streamed.TryAdd(department.Value, HealthOf(department, stream: null));
        if (rejections.Unproven() is [var newest, ..])
            streamed[UnprovenKey] = WithRejection(new StreamHealth(), newest);

        var data = streamed.ToDictionary(entry => entry.Key, entry => (object)JsonSerializer.SerializeToElement(entry.Value, Json));
        var troubled = streamed.Where(entry => !entry.Value.IsWell).Select(entry => entry.Key).Order(StringComparer.Ordinal).ToList();
        return Task.FromResult(troubled.Count == 0
            ? HealthCheckResult.Healthy("Every stream is complete.", data)
            : HealthCheckResult.Degraded($"Not complete: {string.Join(", ", troubled)}.", data: data));
    }

    private StreamHealth HealthOf(DepartmentId department, StreamSnapshot? stream)
    {
        var health = new StreamHealth();
        if (stream is not null)
        {
            var now = clock.GetUtcNow();
            health = health with
            {
                Watermark = stream.Watermark,
                CurrentAsOfAgeSeconds = (now - stream.CurrentAsOf)?.TotalSeconds,
                QuarantineReason = stream.Quarantine is { } quarantine ? new ApplyResult(quarantine.Outcome, stream.Watermark).Reason?.Name : null,
                QuarantinedSince = stream.Quarantine?.Since,
            };
            if (stream.Gaps is [var gap, ..] && gap.SeenAt <= now - options.Value.GapTolerance)
            {
                health = health with
                {
                    GapFrom = gap.First,
                    GapSince = gap.SeenAt,
                    Missing = stream.Gaps.Aggregate(0UL, (sum, g) => sum + (g.Last - g.First + 1)),
                    RefillFailure = refill.FailureOf(department)?.Name,
                };
            }
        }

        return rejections.Standing(department, health.Watermark) is [var newest, ..] ? WithRejection(health, newest) : health;
    }

    private static StreamHealth WithRejection(StreamHealth health, Rejection rejection) => health with
    {
        RejectionReason = rejection.Reason.Name,
        RejectionDetail = rejection.Detail,
        RejectionFirstSequence = rejection.FirstSequence == 0 ? null : rejection.FirstSequence,
        RejectedAt = rejection.At,
    };
}
