using System.ComponentModel.DataAnnotations;
using DataExchange.Adapter;
using DataExchange.Hosting;

namespace DataExchange.AdapterHost.Configuration;

/// <summary>
/// The one file of an adapter. Keys are the names of the properties in snake case; what ends in <c>_path</c> or <c>_folder</c> is relative to
/// the file. An environment variable <c>DX_ADAPTER__...</c> overrides what stands in <c>adapter</c>, <c>tls</c>, <c>bus</c> and <c>management</c>.
/// </summary>
internal sealed class HostConfig
{
    public const int NamesMax = 1_000;

    /// <summary>Who the department is, where it keeps its state, and which hub it publishes to.</summary>
    [Required]
    public DepartmentAdapterOptions Adapter { get; set; } = new();

    /// <summary>The department's certificate and key.</summary>
    [Required]
    public TlsOptions Tls { get; set; } = new();

    /// <summary>IP address that the hub's questions are taken on. Default every address.</summary>
    [RegularExpression(@"\A[0-9A-Fa-f.:]{2,45}\z", ErrorMessage = "must be an IP address")]
    public string? Listen { get; set; }

    /// <summary>Publishes through RabbitMQ. Default: through the hub's ingress.</summary>
    public BusOptions? Bus { get; set; }

    /// <summary>Where health and metrics are answered.</summary>
    public ManagementOptions? Management { get; set; }

    /// <summary>Identifier schemes beside the built-in ones, as the catalogue declares them. At most 1,000.</summary>
    [MaxLength(NamesMax)]
    public List<SchemeConfig> Schemes { get; set; } = [];

    /// <summary>Lists from the source's codes to those of the catalogue, by name.</summary>
    public Dictionary<string, Dictionary<string, string>> CodeLists { get; set; } = [];

    /// <summary>Where rows come from. 1 to 64; each attribute in one of them.</summary>
    [Required, MinLength(1), MaxLength(64)]
    public List<SourceConfig> Sources { get; set; } = [];
}

/// <summary>An identifier scheme: pattern or length, after normalisation.</summary>
internal sealed class SchemeConfig
{
    /// <summary>Name in the catalogue.</summary>
    [Required]
    public string Name { get; set; } = "";

    /// <summary>Regular expression of the whole value.</summary>
    public string? Pattern { get; set; }

    /// <summary>Characters of the value, instead of a pattern.</summary>
    public int? Length { get; set; }

    /// <summary>Steps before the pattern is tried: trim, collapse-space, digits, upper, lower, nfc, keep-space.</summary>
    [MaxLength(16)]
    public List<string> Normalize { get; set; } = [];
}

/// <summary>Rows of one kind, and what each of them states about one subject.</summary>
internal sealed class SourceConfig
{
    /// <summary>Names the source in health and in what is remembered: kept when the file is changed.</summary>
    [Required, RegularExpression(@"\A[a-z0-9][a-z0-9-]{0,62}\z", ErrorMessage = "must be 1 to 63 characters of a-z, 0-9 and '-', not starting with '-'")]
    public string Name { get; set; } = "";

    /// <summary>Rows of files; or <c>sql</c>, or <c>rest</c>.</summary>
    public FilesConfig? Files { get; set; }

    /// <summary>Rows of a table.</summary>
    public SqlConfig? Sql { get; set; }

    /// <summary>Rows of a JSON service.</summary>
    public RestConfig? Rest { get; set; }

    /// <summary>Whom a row is about. One row a subject.</summary>
    [Required]
    public IdentifierConfig Subject { get; set; } = new();

    /// <summary>Further identifiers of the same subject: each filled one becomes a link, which the catalogue has to allow.</summary>
    [MaxLength(16)]
    public List<IdentifierConfig> Links { get; set; } = [];

    /// <summary>Since when a row holds. Default: when the file was last written, or the table or service read.</summary>
    public AsOfConfig? AsOf { get; set; }

    /// <summary>Rows that count: those that satisfy every filter. Default all.</summary>
    [MaxLength(64)]
    public List<FilterConfig> Where { get; set; } = [];

    /// <summary>What is published of a row. 1 to 256.</summary>
    [Required, MinLength(1), MaxLength(256)]
    public List<AttributeConfig> Attributes { get; set; } = [];

    /// <summary>Share of the subjects, in percent, that may be gone from one reading to the next; above it nothing is withdrawn until somebody accepts it. Default 20.</summary>
    [Range(0, 100)]
    public int WithdrawPercentMax { get; set; } = 20;
}

internal enum FileFormat
{
    /// <summary>Separated by commas, or by what <see cref="FilesConfig.Separator"/> says; quoted with ".</summary>
    Csv,

    /// <summary>Separated by tabs, quoted with ".</summary>
    Tsv,

    /// <summary>One JSON object a line.</summary>
    JsonLines,

    /// <summary>A sheet of a workbook.</summary>
    Xlsx,
}

/// <summary>Files of one folder, read again when they change.</summary>
internal sealed class FilesConfig
{
    /// <summary>The folder, not those below it.</summary>
    [Required]
    public string Folder { get; set; } = "";

    /// <summary>File names, with * and ?, as <c>persons-*.csv</c>.</summary>
    [Required, RegularExpression(@"\A[^/\\]{1,200}\z", ErrorMessage = "must be 1 to 200 characters without slashes")]
    public string Pattern { get; set; } = "";

    /// <summary>Default csv. The first row names the columns, except in JSON lines.</summary>
    public FileFormat Format { get; set; } = FileFormat.Csv;

    /// <summary>One character between the columns of csv. Default a comma.</summary>
    [RegularExpression(@"\A[^""\r\n]\z", ErrorMessage = "must be one character, no quotation mark")]
    public string Separator { get; set; } = ",";

    /// <summary>Name of the text's encoding, as utf-8, gb18030, iso-8859-1. Default utf-8.</summary>
    public string Encoding { get; set; } = "utf-8";

    /// <summary>Sheet of a workbook. Default the first.</summary>
    public string? Sheet { get; set; }

    /// <summary>True: each file is a whole, and only the last by name counts. Default false: the rows of all files together are the whole.</summary>
    public bool Newest { get; set; }

    /// <summary>A file that was written less than this ago is still being written. Default 2 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan Quiet { get; set; } = TimeSpan.FromSeconds(2);
}

/// <summary>A column with identifiers of one scheme.</summary>
internal sealed class IdentifierConfig
{
    /// <summary>Name of the column.</summary>
    [Required]
    public string Column { get; set; } = "";

    /// <summary>A built-in scheme or one of <c>schemes</c>.</summary>
    [Required]
    public string Scheme { get; set; } = "";
}

/// <summary>A column that says since when a row holds.</summary>
internal sealed class AsOfConfig
{
    /// <summary>Name of the column.</summary>
    [Required]
    public string Column { get; set; } = "";

    /// <summary>As of a timestamp attribute. Default a day as 2026-01-31, or a moment as 2026-01-31T08:00:00Z.</summary>
    public string? Format { get; set; }

    /// <summary>Zone of moments that name none, as Europe/London. Default UTC.</summary>
    public string? TimeZone { get; set; }
}

/// <summary>One condition on one column; exactly one of <c>is</c>, <c>not</c> and <c>filled</c>.</summary>
internal sealed class FilterConfig
{
    /// <summary>Name of the column.</summary>
    [Required]
    public string Column { get; set; } = "";

    /// <summary>The column is one of these.</summary>
    [MaxLength(HostConfig.NamesMax)]
    public List<string>? Is { get; set; }

    /// <summary>The column is none of these.</summary>
    [MaxLength(HostConfig.NamesMax)]
    public List<string>? Not { get; set; }

    /// <summary>True: the column is not empty; false: it is.</summary>
    public bool? Filled { get; set; }
}

internal enum AttributeType
{
    Text,
    Integer,
    Decimal,
    Flag,
    Date,
    Timestamp,
    Code,
}

internal enum AttributeHolding
{
    /// <summary>The hub holds the value.</summary>
    Held,

    /// <summary>The hub holds a locator and asks for the value.</summary>
    Located,
}

/// <summary>A column as an attribute. An empty cell states nothing.</summary>
internal sealed class AttributeConfig
{
    /// <summary>Name in the catalogue, without the department.</summary>
    [Required]
    public string Name { get; set; } = "";

    /// <summary>Name of the column. Default the attribute's name.</summary>
    public string? Column { get; set; }

    /// <summary>As the catalogue declares it.</summary>
    [Required]
    public AttributeType? Type { get; set; }

    /// <summary>As the catalogue declares it. Default held.</summary>
    public AttributeHolding Holding { get; set; } = AttributeHolding.Held;

    /// <summary>Of dates and timestamps, in the letters of .NET, as dd.MM.yyyy. Default the ISO form.</summary>
    public string? Format { get; set; }

    /// <summary>Zone of timestamps that name none, as Europe/London. Default UTC.</summary>
    public string? TimeZone { get; set; }

    /// <summary>Of decimals. Default a point.</summary>
    [RegularExpression(@"\A[.,]\z", ErrorMessage = "must be '.' or ','")]
    public string DecimalMark { get; set; } = ".";

    /// <summary>From the source's codes to the catalogue's, or to true and false for a flag. What is not in it is refused.</summary>
    public Dictionary<string, string>? Codes { get; set; }

    /// <summary>The same, as the name of one of <c>code_lists</c>.</summary>
    public string? CodeList { get; set; }
}
