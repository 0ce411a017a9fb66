using System.Globalization;
using System.Text;

namespace DataExchange.Contracts;

/// <summary>What may stand in the value of any identifier: text that looks the same only when it is the same.</summary>
internal static class IdentifierText
{
    /// <summary>
    /// False for lone surrogates and U+FFFD (damaged text), control characters, line ends, private use, unassigned, and everything
    /// that is not seen: zero width, bidirectional marks, variation selectors, fillers.
    /// </summary>
    public static bool IsPlain(ReadOnlySpan<char> text)
    {
        // Printable ASCII, which is nearly everything, needs no tables.
        while (!text.IsEmpty)
        {
            if (text[0] is >= ' ' and <= '~')
                text = text[1..];
            else if (Rune.DecodeFromUtf16(text, out var rune, out var length) != System.Buffers.OperationStatus.Done || !IsPlain(rune))
                return false;
            else
                text = text[length..];
        }
        return true;
    }

    private static bool IsPlain(Rune rune) => !IsUnseen(rune.Value) && Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator);

    /// <summary>U+FFFD, and Unicode's default-ignorable characters (DerivedCoreProperties.txt) that are not of category Format.</summary>
    private static bool IsUnseen(int codePoint) => codePoint is 0xFFFD or 0x034F or 0x115F or 0x1160 or 0x17B4 or 0x17B5
        or (>= 0x180B and <= 0x180F) or 0x3164 or 0xFFA0 or (>= 0xFE00 and <= 0xFE0F) or (>= 0xE0000 and <= 0xE0FFF);
}
