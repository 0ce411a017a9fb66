using System.Globalization;

namespace DataExchange.Transparency;

/// <summary>What a log vouches for: so many entries with this root. Source: C2SP tlog-checkpoint.</summary>
/// <param name="Origin">The log's unique name.</param>
/// <param name="Size">Entries.</param>
public sealed record Checkpoint(string Origin, ulong Size, MerkleHash Root)
{
    /// <summary>The text that is signed. It has no extension lines, which no monitor could check.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Origin}\n{Size}\n{Root.ToBase64()}\n");

    /// <summary>Reads a note's text; extension lines are skipped. Null if it is no checkpoint.</summary>
    public static Checkpoint? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.EndsWith('\n'))
            return null;
        var lines = text[..^1].Split('\n');
        return lines.Length >= 3 && lines.All(line => line.Length > 0) && Number(lines[1]) is { } size && MerkleHash.FromBase64(lines[2]) is { } root
            ? new Checkpoint(lines[0], size, root)
            : null;
    }

    /// <summary>An ASCII decimal without leading zeroes, or null.</summary>
    internal static ulong? Number(string text) =>
        ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= long.MaxValue
            && number.ToString(CultureInfo.InvariantCulture) == text
            ? number
            : null;
}
