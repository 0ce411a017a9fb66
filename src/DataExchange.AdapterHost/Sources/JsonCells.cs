using System.Text.Json;

namespace DataExchange.AdapterHost.Sources;

/// <summary>A JSON object as a row. A column is a property, or a property of a property: <c>address.city</c>.</summary>
internal static class JsonCells
{
    public static string[][] PathsOf(IReadOnlyList<string> columns) => [.. columns.Select(column => column.Split('.'))];

    /// <summary>Null, or why the row is none.</summary>
    public static string? Fill(JsonElement row, string[][] paths, string?[] cells)
    {
        if (row.ValueKind != JsonValueKind.Object)
            return "must be a JSON object";
        for (var i = 0; i < paths.Length; i++)
            cells[i] = Find(row, paths[i]) is { } element ? CellText.Of(element) : null;
        return null;
    }

    public static JsonElement? Find(JsonElement element, string[] path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                return null;
        }

        return element;
    }
}
