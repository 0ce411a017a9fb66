namespace DataExchange.Hosting;

/// <summary>One broken rule of a YAML file. Names the place and the rule, never the value.</summary>
/// <param name="Path">As <c>grants[3].attributes[0]</c>; empty for the file itself.</param>
/// <param name="Line">From 1; 0 where the file as a whole is meant.</param>
/// <param name="Column">From 1; 0 where the file as a whole is meant.</param>
/// <param name="Rule">What must hold, as a phrase: "must be ...".</param>
public sealed record YamlError(string Path, long Line, long Column, string Rule)
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
public sealed class YamlErrors
{
    /// <summary>Errors reported; a file with more is mended in rounds.</summary>
    public const int ReportedMax = 1_000;

    private readonly List<YamlError> _found = [];

    public int Count { get; private set; }

    public void Add(string path, YamlNode at, string rule) => Add(new YamlError(path, at.Line, at.Column, rule));

    public void Add(YamlError error)
    {
        if (Count++ < ReportedMax)
            _found.Add(error);
    }

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<YamlError> InOrder()
    {
        var ordered = _found.OrderBy(e => e.Line).ThenBy(e => e.Column).ThenBy(e => e.Path, StringComparer.Ordinal).ToList();
        if (Count > ReportedMax)
            ordered.Add(new YamlError("", 0, 0, $"has {Count - ReportedMax} more errors"));
        return ordered;
    }
}
