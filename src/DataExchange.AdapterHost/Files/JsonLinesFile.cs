using System.Text.Json;
using DataExchange.AdapterHost.Sources;

namespace DataExchange.AdapterHost.Files;

/// <summary>One JSON object a line; empty lines are passed over.</summary>
internal static class JsonLinesFile
{
    public static IEnumerable<SourceRow> Read(TextReader text, IReadOnlyList<string> columns)
    {
        using (text)
        {
            var paths = JsonCells.PathsOf(columns);
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
            return JsonCells.Fill(document.RootElement, paths, cells);
        }
        catch (JsonException)
        {
            return "must be a JSON object";
        }
    }
}
