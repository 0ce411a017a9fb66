namespace DataExchange.FunctionalTests.Exchange;

/// <summary>What a process of the exchange has logged on its standard error.</summary>
internal static class ProcessLog
{
    /// <summary>The first lines of entries of level Error and Critical, each with the line that follows it.</summary>
    public static List<string> Errors(string output)
    {
        var lines = output.Split('\n');
        return [.. lines.Zip(lines.Skip(1).Append(""), (line, next) => (line, next))
            .Where(entry => entry.line.StartsWith("fail: ", StringComparison.Ordinal) || entry.line.StartsWith("crit: ", StringComparison.Ordinal))
            .Select(entry => $"{entry.line} {entry.next.Trim()}")];
    }
}
