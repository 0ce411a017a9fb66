using System.Text.Json;
using DataExchange.UnitTests.HouseRules;

namespace DataExchange.UnitTests.Transparency;

/// <summary>Reads tests/data/tlog-vectors.</summary>
internal static class Vectors
{
    private static readonly Lazy<JsonElement> NotesFile = new(() => JsonDocument.Parse(Repository.Read("tests/data/tlog-vectors/notes.json")).RootElement);

    public static JsonElement Notes => NotesFile.Value;

    public static IEnumerable<JsonElement> Lines(string file) =>
        File.ReadLines(Repository.PathOf($"tests/data/tlog-vectors/{file}")).Select(line => JsonDocument.Parse(line).RootElement);

    public static string Note(string name) => Notes.GetProperty(name).GetString()!;

    public static IEnumerable<string> List(string name) => Notes.GetProperty(name).EnumerateArray().Select(item => item.GetString()!);
}
