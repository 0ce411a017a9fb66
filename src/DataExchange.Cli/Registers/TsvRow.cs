namespace DataExchange.Cli.Registers;

/// <summary>A row of a tab-separated file without quoting, its fields by the header's names.</summary>
internal readonly struct TsvRow(string[] header, string[] fields)
{
    /// <summary>The field, empty when blank or cut off at the row's end.</summary>
    public string this[string column]
    {
        get
        {
            var i = Array.IndexOf(header, column);
            return i >= 0 && i < fields.Length ? fields[i] : "";
        }
    }

    /// <exception cref="UsageException">The file cannot be read.</exception>
    public static IEnumerable<TsvRow> Read(string path)
    {
        string[]? header = null;
        foreach (var line in Lines(path))
        {
            var fields = line.Split('\t');
            if (header is null)
                header = fields;
            else
                yield return new TsvRow(header, fields);
        }
    }

    /// <summary>Every row of every map in the folder, blank ones included: <c>maps/X.tsv</c> maps scheme X to a body.</summary>
    public static IEnumerable<(string Scheme, string Value, string Body)> Maps(string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.tsv").Order(StringComparer.Ordinal))
        {
            var scheme = Path.GetFileNameWithoutExtension(path);
            foreach (var row in Lines(path).Skip(1))
            {
                var tab = row.IndexOf('\t');
                yield return tab < 0 ? (scheme, row, "") : (scheme, row[..tab], row[(tab + 1)..]);
            }
        }
    }

    private static IEnumerable<string> Lines(string path)
    {
        try
        {
            return File.ReadLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{path} cannot be read.");
        }
    }
}
