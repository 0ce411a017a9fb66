using DataExchange.AdapterHost.Sources;
using nietras.SeparatedValues;

namespace DataExchange.AdapterHost.Files;

/// <summary>CSV and TSV: quoted with ", the first row names the columns.</summary>
internal static class SeparatedFile
{
    // Longer cells are text of their own; shorter ones come again and again.
    private const int PooledLengthMax = 32;

    public static IEnumerable<SourceRow> Read(TextReader text, char separator, IReadOnlyList<string> columns)
    {
        using var reader = Open(text, separator);
        var places = PlacesOf(reader.Header.ColNames, columns);
        var cells = new string?[columns.Count];
        while (Next(reader))
            yield return Take(reader.Current, places, reader.Header.ColNames.Count, cells);
    }

    /// <summary>Where each column stands in a header; white space around a name does not count.</summary>
    public static int[] PlacesOf(IReadOnlyList<string> header, IReadOnlyList<string> columns)
    {
        var names = header.Select(name => name.Trim()).ToList();
        return [.. columns.Select(column => names.IndexOf(column) is >= 0 and var place && names.LastIndexOf(column) == place
            ? place
            : throw new SourceStoppedException($"has no column {column}, or has it twice"))];
    }

    private static SepReader Open(TextReader text, char separator)
    {
        try
        {
            return Sep.New(separator).Reader(options => options with
            {
                Unescape = true,
                DisableColCountCheck = true,
                ColNameComparer = StringComparer.Ordinal,
                CreateToString = SepToString.PoolPerCol(maximumStringLength: PooledLengthMax),
            }).From(text);
        }
        catch (ArgumentException)
        {
            // Sep wants every column's name once.
            throw new SourceStoppedException("its first row names a column twice");
        }
    }

    private static bool Next(SepReader reader)
    {
        try
        {
            return reader.MoveNext();
        }
        catch (Exception broken) when (broken is NotSupportedException or InvalidDataException)
        {
            throw new SourceStoppedException("has a row of more than 16 MiB: a quotation mark is missing, most likely");
        }
    }

    private static SourceRow Take(SepReader.Row row, int[] places, int columnsOfHeader, string?[] cells)
    {
        var broken = row.ColCount == columnsOfHeader ? null : "must have as many columns as the first row";
        for (var i = 0; i < places.Length && broken is null; i++)
            cells[i] = CellText.Clean(row[places[i]].ToString());
        return new SourceRow(row.LineNumberFrom, null, cells, broken);
    }
}
