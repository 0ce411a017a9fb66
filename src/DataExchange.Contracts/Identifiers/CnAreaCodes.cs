using System.Globalization;

namespace DataExchange.Contracts;

/// <summary>Six-digit division codes (GB/T 2260), in force or historical. Source and licence stand in the resource.</summary>
internal static class CnAreaCodes
{
    private static readonly Lazy<int[]> Codes = new(Load);

    public static bool Contains(ReadOnlySpan<char> sixDigits) =>
        int.TryParse(sixDigits, NumberStyles.None, CultureInfo.InvariantCulture, out var code) && Array.BinarySearch(Codes.Value, code) >= 0;

    private static int[] Load()
    {
        var codes = EmbeddedLines.Read("cn-area-codes.txt")
            .Select(line => line.Split(' '))
            .SelectMany(parts => parts.Skip(1), (parts, ending) => int.Parse(parts[0] + ending, CultureInfo.InvariantCulture))
            .ToArray();
        Array.Sort(codes);
        return codes;
    }
}
