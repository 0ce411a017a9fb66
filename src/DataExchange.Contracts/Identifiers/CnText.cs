namespace DataExchange.Contracts;

/// <summary>Reads the letters and digits of Chinese numbers as people type them: half or full width, either case.</summary>
internal static class CnText
{
    private const int FullWidthOffset = '\uFF01' - '!';

    /// <summary>ASCII upper case for what has one; everything else, look-alikes included, as it is.</summary>
    public static char Fold(char c)
    {
        if (c is >= '\uFF01' and <= '\uFF5E')
            c = (char)(c - FullWidthOffset);
        return c is >= 'a' and <= 'z' ? (char)(c - 'a' + 'A') : c;
    }

    public static bool AllDigits(ReadOnlySpan<char> text) => !text.ContainsAnyExceptInRange('0', '9');

    /// <summary>The raw text itself when it is canonical already, so that the usual case costs no allocation.</summary>
    public static string Reuse(string raw, ReadOnlySpan<char> canonical) => canonical.SequenceEqual(raw) ? raw : new string(canonical);
}
