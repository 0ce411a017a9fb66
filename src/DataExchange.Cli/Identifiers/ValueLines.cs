using System.Text;
using DataExchange.Contracts;

namespace DataExchange.Cli.Identifiers;

/// <summary>One value a line: UTF-8 with or without a byte order mark, LF or CRLF. Blank lines are left out.</summary>
internal static class ValueLines
{
    // Longer than any scheme accepts, so that a line cut here is still refused, and a file without line ends cannot fill the memory.
    private const int LineLengthMax = DeclaredScheme.RawLengthMax + 1;

    public static IEnumerable<string> OfStandardInput()
    {
        using var reader = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8);
        foreach (var value in Read(reader))
            yield return value;
    }

    public static IEnumerable<string> Read(TextReader reader)
    {
        var line = new StringBuilder();
        var buffer = new char[4096];
        for (int read; (read = reader.Read(buffer)) > 0;)
        {
            for (var rest = buffer.AsMemory(0, read); ;)
            {
                var end = rest.Span.IndexOf('\n');
                var part = end < 0 ? rest : rest[..end];
                line.Append(part[..Math.Min(part.Length, LineLengthMax - line.Length)]);
                if (end < 0)
                    break;
                if (Take(line) is { Length: > 0 } value)
                    yield return value;
                rest = rest[(end + 1)..];
            }
        }
        if (Take(line) is { Length: > 0 } last)
            yield return last;
    }

    private static string Take(StringBuilder line)
    {
        if (line is [.., '\r'])
            line.Length--;
        var value = line.ToString();
        line.Clear();
        return value;
    }
}
