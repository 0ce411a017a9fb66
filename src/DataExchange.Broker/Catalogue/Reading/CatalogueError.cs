namespace DataExchange.Broker.Catalogue.Reading;

/// <summary>One broken rule of a catalogue file. Names the place and the rule, never the value.</summary>
/// <param name="Path">As <c>grants[3].attributes[0]</c>; empty for the file itself.</param>
/// <param name="Line">From 1; 0 where the file as a whole is meant.</param>
/// <param name="Column">From 1; 0 where the file as a whole is meant.</param>
/// <param name="Rule">What must hold, as a phrase: "must be ...".</param>
public sealed record CatalogueError(string Path, long Line, long Column, string Rule)
{
    public override string ToString() =>
        (Path, Line) switch
        {
            (_, 0) => $"the file {Rule}",
            ("", _) => $"(line {Line}:{Column}): {Rule}",
            _ => $"{Path} (line {Line}:{Column}): {Rule}",
        };
}

/// <summary>Gathers every error before any is spoken of.</summary>
internal sealed class CatalogueErrors
{
    /// <summary>Errors reported; a file with more is mended in rounds.</summary>
    public const int ReportedMax = 1_000;

    private readonly List<CatalogueError> _found = [];

    public int Count { get; private set; }

    public void Add(string path, YamlNode at, string rule) => Add(new CatalogueError(path, at.Line, at.Column, rule));

    public void Add(CatalogueError error)
    {
        if (Count++ < ReportedMax)
            _found.Add(error);
    }

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<CatalogueError> InOrder()
    {
        var ordered = _found.OrderBy(e => e.Line).ThenBy(e => e.Column).ThenBy(e => e.Path, StringComparer.Ordinal).ToList();
        if (Count > ReportedMax)
            ordered.Add(new CatalogueError("", 0, 0, $"has {Count - ReportedMax} more errors"));
        return ordered;
    }
}
