using System.Globalization;
using System.Text;

namespace DataExchange.Contracts;

/// <summary>
/// Unicode normalization form C (UAX #15). The platform's own <see cref="string.Normalize()"/> gives the text back unchanged
/// when the runtime is globalization-invariant, as ours is so that it needs no ICU on the machine.
/// </summary>
internal static class NormalizationFormC
{
    // Every character below composes with nothing before it and decomposes into itself.
    private const char FirstAffected = '\u0300';

    private const int HangulS = 0xAC00, HangulL = 0x1100, HangulV = 0x1161, HangulT = 0x11A7;
    private const int HangulLCount = 19, HangulVCount = 21, HangulTCount = 28, HangulSCount = HangulLCount * HangulVCount * HangulTCount;

    private static readonly Lazy<Tables> Data = new(Load);

    /// <param name="text">Well-formed UTF-16.</param>
    /// <returns>The same instance when it is in form C already.</returns>
    public static string Of(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('\0', (char)(FirstAffected - 1)))
            return text;
        var codePoints = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
            Decompose(rune.Value, codePoints);
        Order(codePoints);
        Compose(codePoints);
        var composed = new StringBuilder(text.Length);
        foreach (var codePoint in codePoints)
            composed.Append(new Rune(codePoint));
        return composed.Equals(text) ? text : composed.ToString();
    }

    private static void Decompose(int codePoint, List<int> into)
    {
        var syllable = codePoint - HangulS;
        if (syllable is >= 0 and < HangulSCount)
        {
            into.Add(HangulL + (syllable / (HangulVCount * HangulTCount)));
            into.Add(HangulV + (syllable / HangulTCount % HangulVCount));
            if (syllable % HangulTCount > 0)
                into.Add(HangulT + (syllable % HangulTCount));
        }
        else if (Data.Value.Decompositions.TryGetValue(codePoint, out var parts))
        {
            foreach (var part in parts)
                Decompose(part, into);
        }
        else
        {
            into.Add(codePoint);
        }
    }

    /// <summary>Puts the marks after each starter in the order of their classes; equal classes keep their order.</summary>
    private static void Order(List<int> codePoints)
    {
        for (var i = 1; i < codePoints.Count; i++)
        {
            var (mark, at, rank) = (codePoints[i], i, ClassOf(codePoints[i]));
            for (; rank > 0 && at > 0 && ClassOf(codePoints[at - 1]) > rank; at--)
                codePoints[at] = codePoints[at - 1];
            codePoints[at] = mark;
        }
    }

    /// <summary>Joins each character to the last starter before it, unless one of the same or a higher class stands between them.</summary>
    private static void Compose(List<int> codePoints)
    {
        var (starter, kept, classBefore) = (-1, 0, 0);
        foreach (var codePoint in codePoints.ToArray())
        {
            var rank = ClassOf(codePoint);
            var adjacent = starter == kept - 1;
            if (starter >= 0 && (adjacent || classBefore < rank) && TryPair(codePoints[starter], codePoint, out var composite))
            {
                codePoints[starter] = composite;
                continue;
            }
            if (rank == 0)
                starter = kept;
            classBefore = rank;
            codePoints[kept++] = codePoint;
        }
        codePoints.RemoveRange(kept, codePoints.Count - kept);
    }

    private static bool TryPair(int first, int second, out int composite)
    {
        var (l, v, t, s) = (first - HangulL, second - HangulV, second - HangulT, first - HangulS);
        composite = 0;
        if (l is >= 0 and < HangulLCount && v is >= 0 and < HangulVCount)
            composite = HangulS + (((l * HangulVCount) + v) * HangulTCount);
        else if (s is >= 0 and < HangulSCount && s % HangulTCount == 0 && t is > 0 and < HangulTCount)
            composite = first + t;
        return composite != 0 || Data.Value.Compositions.TryGetValue((first, second), out composite);
    }

    private static int ClassOf(int codePoint) => codePoint < FirstAffected ? 0 : Data.Value.Classes.GetValueOrDefault(codePoint);

    private static Tables Load()
    {
        var tables = new Tables([], [], []);
        foreach (var line in EmbeddedLines.Read("unicode-nfc.txt"))
        {
            var parts = line[1..].Split(' ');
            if (line[0] == '@')
                AddClass(tables, parts);
            else
                AddDecomposition(tables, line);
        }
        return tables;
    }

    private static void AddClass(Tables tables, string[] parts)
    {
        var rank = byte.Parse(parts[0], CultureInfo.InvariantCulture);
        foreach (var range in parts.Skip(1).Select(part => part.Split('-').Select(Hex).ToArray()))
        {
            for (var codePoint = range[0]; codePoint <= range[^1]; codePoint++)
                tables.Classes.Add(codePoint, rank);
        }
    }

    private static void AddDecomposition(Tables tables, string line)
    {
        var sign = line.AsSpan().IndexOfAny('=', '>');
        var composite = Hex(line[..sign]);
        int[] parts = [.. line[(sign + 1)..].Split(' ').Select(Hex)];
        tables.Decompositions.Add(composite, parts);
        if (line[sign] == '=')
            tables.Compositions.Add((parts[0], parts[1]), composite);
    }

    private static int Hex(string digits) => int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    private sealed record Tables(
        Dictionary<int, int[]> Decompositions, Dictionary<(int First, int Second), int> Compositions, Dictionary<int, byte> Classes);
}
