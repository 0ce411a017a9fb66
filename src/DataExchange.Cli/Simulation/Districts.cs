namespace DataExchange.Cli.Simulation;

/// <summary>The six-digit codes of China's districts and counties in force. Source and licence stand in the resource.</summary>
internal static class Districts
{
    private static readonly Lazy<string[]> Loaded = new(Load);

    /// <summary>In ascending order; part of what a seed stands for, so another list makes another population.</summary>
    public static IReadOnlyList<string> Codes => Loaded.Value;

    private static string[] Load()
    {
        const string resource = "DataExchange.Cli.Simulation.cn-districts.txt";
        using var stream = typeof(Districts).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"The assembly lacks its resource {resource}.");
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith('#'))
            .Select(line => line.Split(' '))
            .SelectMany(parts => parts.Skip(1), (parts, ending) => parts[0] + ending)];
    }
}
