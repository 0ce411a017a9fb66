using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Ingest;

/// <summary>Section <c>Ingest</c>.</summary>
public sealed class IngestOptions
{
    public const string Section = "Ingest";

    /// <summary>
    /// Batches from the bus that are applied at once; those that wait together share one write to disk. No more come than
    /// <c>Bus:Prefetch</c>. Default 32, 1 to 1,000.
    /// </summary>
    [Range(1, 1_000)]
    public int BusBatchesMax { get; set; } = 32;

    /// <summary>Batches of one ingress stream that are applied at once; the next one is not read before. Default 16, 1 to 256.</summary>
    [Range(1, 256)]
    public int StreamBatchesMax { get; set; } = 16;

    /// <summary>First wait before a batch is tried again that found the index unavailable. Default 200 ms, 10 ms to 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10")]
    public TimeSpan RetryDelayMin { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>Longest wait before it is tried again; it is never given up. Default 30 s, 10 ms to 10 min; not under the first.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:10:00")]
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a gap may stand before it is reported and refilled: batches overtake each other on the bus all the time.
    /// Default 500 ms, 10 ms to 4 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:04")]
    public TimeSpan GapTolerance { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>First wait after a refill that did not close the gap. Default 1 s, 10 ms to 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan RefillDelayMin { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait after such a refill; a new catalogue version ends the wait. Default 5 min, 10 ms to 1 h; not under the first.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "01:00:00")]
    public TimeSpan RefillDelayMax { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>Longest that a department's adapter may go without sending a batch during a refill. Default 15 s, 100 ms to 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan RefillSilenceMax { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Departments that are refilled at once. Default 4, 1 to 100.</summary>
    [Range(1, 100)]
    public int RefillsMax { get; set; } = 4;

    /// <summary>Refused batches remembered for each department, and for those of unproven origin. Default 16, 1 to 1,000.</summary>
    [Range(1, 1_000)]
    public int RejectionsKept { get; set; } = 16;

    /// <summary>
    /// How long a refused batch shows in health whose sequences are not known to be mended, such as one nobody has signed.
    /// Default 10 min, 1 s to 7 days.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "7.00:00:00")]
    public TimeSpan RejectionShown { get; set; } = TimeSpan.FromMinutes(10);
}

[OptionsValidator]
internal sealed partial class IngestOptionsValidator : IValidateOptions<IngestOptions>;

internal sealed class IngestOptionsCrossValidator : IValidateOptions<IngestOptions>
{
    public ValidateOptionsResult Validate(string? name, IngestOptions options)
    {
        var result = new ValidateOptionsResultBuilder();
        if (options.RetryDelayMax < options.RetryDelayMin)
            result.AddError("must not be under RetryDelayMin", nameof(options.RetryDelayMax));
        if (options.RefillDelayMax < options.RefillDelayMin)
            result.AddError("must not be under RefillDelayMin", nameof(options.RefillDelayMax));
        return result.Build();
    }
}
