using System.ComponentModel.DataAnnotations;
using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Adapter;

/// <summary>How a department publishes and answers. Section <c>Adapter</c>; everything is checked at start.</summary>
public sealed class DepartmentAdapterOptions
{
    public const string Section = "Adapter";

    public const int DefaultPort = 7_443;

    /// <summary>Id of the department; must be the one in its certificate.</summary>
    [Required, RegularExpression(@"\A[a-z0-9][a-z0-9-]{0,62}\z")]
    public string Department { get; set; } = "";

    /// <summary>Folder of the outbox and the locator key, made if absent. On a local disk; one adapter at a time.</summary>
    [Required]
    public string StateFolder { get; set; } = "";

    /// <summary>Names of the attributes whose values the hub holds.</summary>
    [Required]
    public IList<string> HeldAttributes { get; set; } = [];

    /// <summary>Names of the attributes whose values stay here; needs a live source.</summary>
    [Required]
    public IList<string> LocatedAttributes { get; set; } = [];

    /// <summary>The hub's gRPC address, <c>https://host:port</c>: for its watermark, and for publishing without a bus.</summary>
    [Required]
    public Uri? HubAddress { get; set; }

    /// <summary>Broker id in the hub's certificate, as <c>hub-1</c>.</summary>
    [Required, RegularExpression(@"\A[a-z0-9][a-z0-9-]{0,62}\z")]
    public string HubName { get; set; } = "";

    /// <summary>The hub's keys (<see cref="KeyId"/>): nobody else is answered. Two while the hub changes its key.</summary>
    [Required, MinLength(1), MaxLength(8)]
    public IList<string> HubKeyIds { get; set; } = [];

    /// <summary>Port of the adapter's gRPC service, on every address, unless the host names an endpoint itself; 0 takes a free one. Default 7443.</summary>
    [Range(0, 65_535)]
    public int Port { get; set; } = DefaultPort;

    /// <summary>
    /// PEM of the P-256 key that signs batches, registered in the catalogue. On Unix the process refuses to start if others than the owner
    /// can open it. Default: the TLS key.
    /// </summary>
    public string? SigningKeyPath { get; set; }

    /// <summary>
    /// Longest that a question may take. The live source has nine tenths of it, then it is left behind and its items are answered
    /// PROVIDER_TOO_SLOW. Stated in Describe. Default 5 s, 10 ms to 30 s.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:30")]
    public TimeSpan AnswerTimeMax { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Changes in one batch. Default 100, at most 1,000.</summary>
    [Range(1, WireLimits.BatchChangesMax)]
    public int BatchChangesMax { get; set; } = 100;

    /// <summary>Size of one batch. Default and limit 1 MiB.</summary>
    [Range(8 * 1_024, WireLimits.BatchBytesMax)]
    public int BatchBytesMax { get; set; } = WireLimits.BatchBytesMax;

    /// <summary>How long a change waits for company before it is stored. Default 20 ms, at most 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan BatchLinger { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>Batches stored with one disk synchronisation when the source is fast. Default 64.</summary>
    [Range(1, 1_024)]
    public int BatchesPerTransactionMax { get; set; } = 64;

    /// <summary>Pause before a source that had nothing more is asked again. Default 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "1.00:00:00")]
    public TimeSpan SourcePollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest pause between two tries after a failure of source, store, bus or hub; begins at 200 ms, with jitter. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.200", "00:10:00")]
    public TimeSpan RetryDelayMax { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Stored payload above which the source is no longer read; nothing is dropped. Default 1 GiB.</summary>
    [Range(1_048_576L, 1_099_511_627_776L)]
    public long OutboxBytesMax { get; set; } = 1_073_741_824;

    /// <summary>Batches kept behind the hub's watermark, for a hub that is restored from a backup. Default 0.</summary>
    [Range(0, 100_000_000)]
    public int OutboxTailBatches { get; set; }

    /// <summary>Batches published ahead of the hub's watermark. Default 1,000.</summary>
    [Range(1, 100_000)]
    public int WindowBatches { get; set; } = 1_000;

    /// <summary>Batches published and not yet confirmed. Default 64; must not exceed <see cref="WindowBatches"/>.</summary>
    [Range(1, 1_024)]
    public int InFlightBatchesMax { get; set; } = 64;

    /// <summary>How long a confirmation may take before the connection is dropped and the batch is sent again. Default 10 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:05:00")]
    public TimeSpan PublishTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Idle time after which an empty batch tells the hub that the stream is current. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "00:01:00")]
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the hub is asked for its watermark while it is behind; else every <see cref="HeartbeatInterval"/>. Default 100 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan WatermarkInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>A watermark that stands still this long below what is confirmed: everything above it is published again. Default 60 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan StallInterval { get; set; } = TimeSpan.FromSeconds(60);
}

[OptionsValidator]
internal sealed partial class DepartmentAdapterOptionsValidator : IValidateOptions<DepartmentAdapterOptions>;

/// <summary>What attributes cannot say: rules over several options.</summary>
internal sealed class DepartmentAdapterOptionsRules : IValidateOptions<DepartmentAdapterOptions>
{
    public ValidateOptionsResult Validate(string? name, DepartmentAdapterOptions options)
    {
        var errors = Errors(options).ToList();
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);
    }

    private static IEnumerable<string> Errors(DepartmentAdapterOptions options)
    {
        if (options.InFlightBatchesMax > options.WindowBatches)
            yield return $"{nameof(options.InFlightBatchesMax)} must not exceed {nameof(options.WindowBatches)}.";
        if (options.BatchBytesMax > options.OutboxBytesMax)
            yield return $"{nameof(options.BatchBytesMax)} must not exceed {nameof(options.OutboxBytesMax)}.";
        if (options.HubAddress is { } hub && hub.Scheme != Uri.UriSchemeHttps)
            yield return $"{nameof(options.HubAddress)} must be an https address.";
        if (options.HubKeyIds.Any(id => id.Length != KeyId.Length || !id.All(char.IsAsciiHexDigitLower)))
            yield return $"{nameof(options.HubKeyIds)} must be lower-case hexadecimal SHA-256 digests.";

        var names = options.HeldAttributes.Concat(options.LocatedAttributes).ToList();
        if (names.Any(n => !CodeName.IsValid(n)))
            yield return $"Each of {nameof(options.HeldAttributes)} and {nameof(options.LocatedAttributes)} {CodeName.Rule}.";
        if (names.Distinct().Count() != names.Count)
            yield return $"{nameof(options.HeldAttributes)} and {nameof(options.LocatedAttributes)} must name each attribute once.";
    }
}
