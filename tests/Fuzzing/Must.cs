using System.Text;

namespace DataExchange.Fuzzing;

/// <summary>A parser did not do what it says of every input.</summary>
public sealed class BrokenPromiseException(string promise) : Exception(promise);

/// <summary>What targets hold their parsers to.</summary>
internal static class Must
{
    /// <summary>A number of a person is longer; a word of a rule is shorter or holds no digit.</summary>
    private const int TellingLengthMin = 8;

    public static void Hold(bool holds, string promise)
    {
        if (!holds)
            throw new BrokenPromiseException(promise);
    }

    /// <summary>A refusal says why, and repeats nothing of the input that could be somebody's number.</summary>
    public static void Refuse(string why, ReadOnlySpan<byte> input)
    {
        Hold(!string.IsNullOrWhiteSpace(why), "a refusal has a reason");
        foreach (var word in Words(Encoding.Latin1.GetString(input)))
            Hold(!why.Contains(word, StringComparison.OrdinalIgnoreCase), "a refusal repeats nothing of the input");
    }

    private static IEnumerable<string> Words(string text)
    {
        for (var start = 0; start < text.Length; start++)
        {
            var end = start;
            while (end < text.Length && char.IsAsciiLetterOrDigit(text[end]))
                end++;
            if (end - start >= TellingLengthMin && text[start..end].Any(char.IsAsciiDigit))
                yield return text[start..end];
            start = end;
        }
    }
}
