namespace DataExchange.AdapterHost.Sources;

/// <summary>Something in a row that was refused. Names the place and the rule, never the value.</summary>
internal sealed record Refusal(long Place, string? File, string Column, string Rule)
{
    public override string ToString() => $"{(File is null ? "" : $"{File} ")}row {Place}, column {Column}: {Rule}";
}

/// <summary>What one reading of a source came to. Counts as of its end, or of now while it runs.</summary>
internal sealed class ReadingFigures
{
    /// <summary>Refusals that are named; the rest is counted.</summary>
    public const int NamedMax = 10;

    private readonly List<Refusal> _named = [];

    public long Rows { get; set; }

    /// <summary>Rows that no filter kept out and that were refused as a whole.</summary>
    public long RowsRefused { get; private set; }

    /// <summary>Those of them of which nobody can say whose they are.</summary>
    public long RowsUnidentified { get; private set; }

    /// <summary>Cells of other rows.</summary>
    public long CellsRefused { get; private set; }

    public long Changes { get; set; }

    public long Withdrawn { get; set; }

    public IReadOnlyList<Refusal> Named => _named;

    public void RefuseRow(in SourceRow row, string column, string rule)
    {
        RowsRefused++;
        Name(row, column, rule);
    }

    public void RefuseUnidentified(in SourceRow row, string column, string rule)
    {
        RowsUnidentified++;
        RefuseRow(row, column, rule);
    }

    public void RefuseCell(in SourceRow row, string column, string rule)
    {
        CellsRefused++;
        Name(row, column, rule);
    }

    private void Name(in SourceRow row, string column, string rule)
    {
        if (_named.Count < NamedMax)
            _named.Add(new Refusal(row.Place, row.File, column, rule));
    }
}

/// <summary>How a source is, for health and metrics. One writer; a reader may see two properties a moment apart.</summary>
internal sealed class SourceStatus(string name)
{
    private long _rows;
    private long _refused;

    public string Name => name;

    /// <summary>Why it is not read; null while it is.</summary>
    public string? Problem { get; set; }

    /// <summary>Of the last reading of all rows that came to its end; null before.</summary>
    public ReadingFigures? Last { get; private set; }

    /// <summary>Subjects of which something is published.</summary>
    public int Subjects { get; private set; }

    /// <summary>Bytes of log that a database keeps until this adapter has confirmed them; null where there is none.</summary>
    public long? LagBytes { get; set; }

    /// <summary>Rows read since the process started.</summary>
    public long Rows => Interlocked.Read(ref _rows);

    /// <summary>Rows and cells refused since the process started, again with each reading.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    public void End(ReadingFigures figures, int subjects, bool isPartial)
    {
        Interlocked.Add(ref _rows, figures.Rows);
        Interlocked.Add(ref _refused, figures.RowsRefused + figures.CellsRefused);
        (Last, Subjects) = (isPartial ? Last : figures, subjects);
    }
}
