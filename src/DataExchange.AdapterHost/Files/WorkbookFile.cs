using DataExchange.AdapterHost.Sources;
using MiniExcelLibs;

namespace DataExchange.AdapterHost.Files;

/// <summary>One sheet of an XLSX workbook, read row by row; the first row names the columns.</summary>
internal static class WorkbookFile
{
    public static IEnumerable<SourceRow> Read(string path, string? sheet, IReadOnlyList<string> columns)
    {
        if (sheet is not null && !MiniExcel.GetSheetNames(path).Contains(sheet))
            throw new SourceStoppedException("has no sheet of that name");
        using var rows = MiniExcel.Query(path, useHeaderRow: false, sheetName: sheet, excelType: ExcelType.XLSX).Cast<IDictionary<string, object?>>().GetEnumerator();
        if (!rows.MoveNext())
            throw new SourceStoppedException("is empty: its first row has to name the columns");
        var letters = rows.Current.Keys.ToList();
        var places = SeparatedFile.PlacesOf([.. rows.Current.Values.Select(name => name?.ToString() ?? "")], columns);
        var cells = new string?[columns.Count];
        for (var place = 2L; rows.MoveNext(); place++)
        {
            for (var i = 0; i < places.Length; i++)
                cells[i] = rows.Current.TryGetValue(letters[places[i]], out var value) ? CellText.Of(value) : null;
            // Sheets often have formatted rows with nothing in them below the data.
            if (cells.Any(cell => !string.IsNullOrEmpty(cell)))
                yield return new SourceRow(place, null, cells);
        }
    }
}
