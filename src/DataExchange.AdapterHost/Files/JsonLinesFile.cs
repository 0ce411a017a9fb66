using System.Text.Json;
using DataExchange.AdapterHost.Sources;

namespace DataExchange.AdapterHost.Files;

/// <summary>One JSON object a line; empty lines are passed over. A column is a property, or a property of a property: <c>address.city</c>.</summary>
internal static class JsonLinesFile
{
    public static IEnumerable<SourceRow> Read(TextReader text, IReadOnlyList<string> columns)
    {
        using (text)
        {
            var paths = columns.Select(column => column.Split('.')).ToArray();
            var cells = new string?[columns.Count];
            for (var line = 1L; text.ReadLine() is { } row; line++)
            {
                if (!string.IsNullOrWhiteSpace(row))
                    yield return new SourceRow(line, null, cells, Take(row, paths, cells));
            }
        }
    }

    private static string? Take(string line, string[][] paths, string?[] cells)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return "must be a JSON object";
            for (var i = 0; i < paths.Length; i++)
                cells[i] = Find(document.RootElement, paths[i]) is { } element ? CellText.Of(element) : null;
            return null;
        }
        catch (JsonException)
        {
            return "must be a JSON object";
        }
    }

    private static JsonElement? Find(JsonElement element, string[] path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                return null;
        }

        return element;
    }
}
