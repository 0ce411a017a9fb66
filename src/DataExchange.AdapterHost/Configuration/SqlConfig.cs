using System.ComponentModel.DataAnnotations;

namespace DataExchange.AdapterHost.Configuration;

internal enum SqlProvider
{
    Postgresql,
    Sqlite,
    Mysql,
}

/// <summary>Rows of a table or view, compared as a whole every so often and polled by a column in between.</summary>
internal sealed class SqlConfig
{
    internal const string NamePattern = @"\A[^\x00-\x1F""'`\[\]\\;.]{1,128}\z";
    internal const string NameRule = "must be a name of 1 to 128 characters without quotation marks, brackets, points and semicolons";

    /// <summary>Kind of database. mysql is MariaDB too.</summary>
    [Required]
    public SqlProvider? Provider { get; set; }

    /// <summary>File that holds the connection string and nothing else, readable by its owner only. The account needs no more than to read.</summary>
    [Required]
    public string ConnectionPath { get; set; } = "";

    /// <summary>Schema of the table. Default the connection's.</summary>
    [RegularExpression(NamePattern, ErrorMessage = NameRule)]
    public string? Schema { get; set; }

    /// <summary>Table or view. A view does for what a filter or a mapping cannot say.</summary>
    [Required, RegularExpression(NamePattern, ErrorMessage = NameRule)]
    public string Table { get; set; } = "";

    /// <summary>How often all rows are compared with what was published; rows that are gone are seen only then. Also at every start. Default 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "30.00:00:00")]
    public TimeSpan CompareInterval { get; set; } = TimeSpan.FromHours(1);

    /// <summary>Polls for new and changed rows in between. Default none.</summary>
    public CursorConfig? Cursor { get; set; }

    /// <summary>Hears of every written row through logical replication, instead of a cursor. PostgreSQL only.</summary>
    public CaptureConfig? Capture { get; set; }

    /// <summary>
    /// Query that Fetch runs for one subject: <c>@subject</c> is its identifier, columns are named as those of the located attributes. Default none:
    /// the values of the last reading are answered.
    /// </summary>
    public string? Live { get; set; }

    /// <summary>How long one statement may take. Default 10 min; Fetch has the hub's own limit.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);
}

/// <summary>A column that grows with each new or changed row: a number or a timestamp.</summary>
internal sealed class CursorConfig
{
    /// <summary>Name of the column; an index on it is what makes polling cheap.</summary>
    [Required, RegularExpression(SqlConfig.NamePattern, ErrorMessage = SqlConfig.NameRule)]
    public string Column { get; set; } = "";

    /// <summary>How far behind the newest timestamp each poll begins again: longer than any transaction that writes rows. Default 1 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan Overlap { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The same for a column of numbers. Default 1,000.</summary>
    [Range(0, 1_000_000_000)]
    public int OverlapKeys { get; set; } = 1_000;

    /// <summary>Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "1.00:00:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>Logical replication of a table, with the plug-in <c>pgoutput</c> that PostgreSQL brings.</summary>
internal sealed class CaptureConfig
{
    private const string Pattern = @"\A[a-z0-9_]{1,63}\z";
    private const string Rule = "must be 1 to 63 characters of a-z, 0-9 and '_'";

    /// <summary>Replication slot, one for each adapter; made if it is not there. Drop it with the adapter: the database keeps its log for it.</summary>
    [Required, RegularExpression(Pattern, ErrorMessage = Rule)]
    public string Slot { get; set; } = "";

    /// <summary>Publication that the table is in; made if it is not there.</summary>
    [Required, RegularExpression(Pattern, ErrorMessage = Rule)]
    public string Publication { get; set; } = "";
}
