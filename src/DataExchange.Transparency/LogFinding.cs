using System.Globalization;

namespace DataExchange.Transparency;

/// <summary>The first thing that is not as it must be.</summary>
/// <param name="File">Relative to the log's prefix.</param>
/// <param name="Entry">The first entry concerned; null if none can be named.</param>
public sealed record LogFinding(string File, ulong? Entry, string What)
{
    public override string ToString() =>
        Entry is { } entry ? string.Create(CultureInfo.InvariantCulture, $"entry {entry} ({File}): {What}") : $"{File}: {What}";
}
