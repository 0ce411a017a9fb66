using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Audit;

/// <summary>Section <c>Audit</c> of the configuration.</summary>
internal sealed class AuditOptions
{
    public const string Section = "Audit";

    /// <summary>Folder of the logs, for one process at a time. Default: <c>audit</c> under <c>Hub:DataDirectory</c>.</summary>
    [Required]
    public string Folder { get; set; } = "";

    /// <summary>A segment file that has grown to this many bytes is sealed and the next one begun. Default 256 MiB; 4 KiB to 16 GiB.</summary>
    [Range(4L << 10, 16L << 30)]
    public long SegmentBytes { get; set; } = 256L << 20;

    /// <summary>Appends (one entry or one list each) that may wait for the disk; further callers wait for room. Default 1,024; 1 to 65,536.</summary>
    [Range(1, 65_536)]
    public int WaitingAppendsMax { get; set; } = 1_024;

    /// <summary>
    /// With less free space than this nothing is written and appends are refused until there is room again, without harm to the log.
    /// Default 64 MiB; 0 to 1 TiB. At 0 a full disk is met by a failed write, after which the log takes nothing until the process starts anew.
    /// </summary>
    [Range(0L, 1L << 40)]
    public long FreeBytesMin { get; set; } = 64L << 20;

    /// <summary>
    /// Newest bytes whose checksums are verified at start, in whole segments, the last one always. Older segments are checked by length
    /// and header then, and by checksum when they are read. Default 4 GiB, some seconds; 0 to 1 PiB.
    /// </summary>
    [Range(0L, 1L << 50)]
    public long VerifiedAtStartBytes { get; set; } = 4L << 30;

    /// <summary>
    /// A log whose first entry is older than this is closed, and the next one begun. Default 365 days; 1 min to 10 years. To begin a new one
    /// now, start the hub once with less.
    /// </summary>
    [Range(typeof(TimeSpan), "00:01:00", "3653.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan RotateEvery { get; set; } = TimeSpan.FromDays(365);

    /// <summary>
    /// A closed log whose last entry is older than this is deleted, with all that is published of it. Default 1,096 days, which is 3 years;
    /// 30 days to 100 years. MUST be longer than <c>Lookup:DisclosureDeferredMax</c>.
    /// </summary>
    [Range(typeof(TimeSpan), "30.00:00:00", "36525.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(1_096);
}

[OptionsValidator]
internal sealed partial class AuditOptionsValidator : IValidateOptions<AuditOptions>;
