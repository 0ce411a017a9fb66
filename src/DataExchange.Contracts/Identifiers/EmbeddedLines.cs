namespace DataExchange.Contracts;

/// <summary>The tables that stand beside this file as text; lines beginning with # are their source and licence.</summary>
internal static class EmbeddedLines
{
    public static IEnumerable<string> Read(string file)
    {
        var resource = $"{typeof(EmbeddedLines).Namespace}.Identifiers.{file}";
        using var stream = typeof(EmbeddedLines).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {resource}.");
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (!line.StartsWith('#'))
                yield return line;
        }
    }
}
