using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Index;

/// <summary>Section <c>Index</c>. Read at start; a change needs a restart.</summary>
internal sealed class IndexOptions
{
    public const string Section = "Index";

    /// <summary>Folder of the store. Default: <c>index</c> in the hub's data folder.</summary>
    [Required]
    public string Folder { get; set; } = "";

    /// <summary>
    /// File of the hub key that subject keys are made with: 32 bytes, readable by its owner only, outside <see cref="Folder"/>.
    /// Made at the first start; whoever loses it loses the index, whoever copies it with the index can test guesses of identifiers.
    /// Default: <c>hub.key</c> in the hub's data folder.
    /// </summary>
    [Required]
    public string HubKeyFile { get; set; } = "";

    /// <summary>
    /// Folder of the keys that subjects' secrets are wrapped with, <c>wrapping-N.key</c>, and that identifiers' rows are permuted with,
    /// <c>identifier-N.key</c>: 32 bytes each, or wrapped by one of <see cref="KeyTokens"/>, readable by their owner only, outside <see cref="Folder"/> and outside the audit log. The first
    /// are made at the first start, a further file begins a rotation. Whoever loses the newest loses the index, whoever copies them with the
    /// index can read held values. Default: <c>keys</c> in the hub's data folder.
    /// </summary>
    [Required]
    public string KeyFolder { get; set; } = "";

    /// <summary>
    /// PKCS#11 tokens whose keys unwrap the files of <see cref="KeyFolder"/>, at the start and when a file comes; the last one wraps what is
    /// made from now on. Default none, at most 4: new keys are files as they are.
    /// </summary>
    [MaxLength(4)]
    [ValidateEnumeratedItems]
    public List<KeyTokenOptions> KeyTokens { get; set; } = [];

    /// <summary>How often the hub asks whether the tokens are still there. Default 30 s, 100 ms to 1 day.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan KeyTokenCheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Identifiers that a lookup follows from the one asked for, that one included; over it the lookup is refused. Default 64, 1 to 1,024.</summary>
    [Range(1, 1_024)]
    public int ClusterIdentifiersMax { get; set; } = 64;

    /// <summary>Batches that may wait to be applied; over it callers wait. Each holds up to 1 MiB. Default 128, 1 to 4,096.</summary>
    [Range(1, 4_096)]
    public int QueueBatchesMax { get; set; } = 128;

    /// <summary>Batches put into one synced write when so many wait. Default 64, 1 to 1,024.</summary>
    [Range(1, 1_024)]
    public int GroupBatchesMax { get; set; } = 64;

    /// <summary>
    /// Separate pieces of one department's stream kept above a gap; over it batches that would add one are refused as TOO_MANY_GAPS.
    /// Default 1,000, 1 to 100,000.
    /// </summary>
    [Range(1, 100_000)]
    public int StreamPiecesMax { get; set; } = 1_000;

    /// <summary>Memory for blocks read, indexes and filters, MiB. Default 256, 8 to 1,048,576.</summary>
    [Range(8, 1_048_576)]
    public int BlockCacheMegabytes { get; set; } = 256;

    /// <summary>Memory for records written and not yet in a table, MiB; up to three times this while tables are written. Default 64, 4 to 4,096.</summary>
    [Range(4, 4_096)]
    public int WriteBufferMegabytes { get; set; } = 64;

    /// <summary>
    /// With less free space than this, beside one write buffer that the store may write out at any time, nothing is written, and changes are
    /// refused until there is room again, without harm to the index. Bytes, default 64 MiB; 0 to 1 TiB. At 0 a full disk is met by a failed
    /// write, after which the index takes nothing until the hub is started anew.
    /// </summary>
    [Range(0L, 1L << 40)]
    public long FreeBytesMin { get; set; } = 64L << 20;

    /// <summary>Threads for writing and merging tables. Default 2, 2 to 64.</summary>
    [Range(2, 64)]
    public int BackgroundThreads { get; set; } = 2;

    /// <summary>
    /// How often the hub looks for a new file in <see cref="KeyFolder"/>, with which it begins to renew its records. Default 5 s, 100 ms
    /// to 1 day.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan KeyCheckInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Records renewed in one synced write, beside which changes are written. Default 256, 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int RenewalRecordsMax { get; set; } = 256;

    /// <summary>Tables held open at once. Default 1,000, 64 to 100,000.</summary>
    [Range(64, 100_000)]
    public int OpenFilesMax { get; set; } = 1_000;
}

[OptionsValidator]
internal sealed partial class IndexOptionsValidator : IValidateOptions<IndexOptions>;
