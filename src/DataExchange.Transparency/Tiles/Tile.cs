using System.Globalization;
using System.Text;

namespace DataExchange.Transparency.Tiles;

/// <summary>One file of a log: hashes of a level, or an entry bundle. Source: C2SP tlog-tiles.</summary>
/// <param name="Level">0 to 63; null for a bundle of entries.</param>
/// <param name="Index">Within the level.</param>
/// <param name="Width">Hashes or entries, 1 to 256; fewer than 256 only at the log's right edge.</param>
public readonly record struct Tile(int? Level, ulong Index, int Width)
{
    public const int FullWidth = 256;

    /// <summary>Binary logarithm of <see cref="FullWidth"/>.</summary>
    public const int Height = 8;

    public bool IsFull => Width == FullWidth;

    /// <summary>As <c>tile/0/x001/x234/067.p/12</c>, relative to the log's prefix.</summary>
    public string Path
    {
        get
        {
            var path = new StringBuilder("tile/");
            path.Append(Level?.ToString(CultureInfo.InvariantCulture) ?? "entries").Append('/').Append(NumberOf(Index));
            return IsFull ? path.ToString() : path.Append(".p/").Append(Width.ToString(CultureInfo.InvariantCulture)).ToString();
        }
    }

    /// <summary>The tile that has been begun at this level when the log has <paramref name="size"/> entries; null while there is none.</summary>
    public static Tile? Last(int? level, ulong size)
    {
        var hashes = size >> (Height * (level ?? 0));
        var width = (int)(hashes % FullWidth);
        return width == 0 ? null : new Tile(level, hashes / FullWidth, width);
    }

    /// <summary>The tile with this number as it is when the log has <paramref name="size"/> entries.</summary>
    public static Tile At(int? level, ulong index, ulong size)
    {
        var hashes = size >> (Height * (level ?? 0));
        return new Tile(level, index, (int)Math.Min(FullWidth, hashes - (index * FullWidth)));
    }

    /// <summary>Reads the one spelling that <see cref="Path"/> has; null for everything else, so that no path leads elsewhere.</summary>
    public static Tile? Parse(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        var parts = path.Split('/');
        if (parts.Length < 3 || parts[0] != "tile")
            return null;
        int? level = null;
        if (parts[1] != "entries")
        {
            if (Checkpoint.Number(parts[1]) is not { } number || number > 63)
                return null;
            level = (int)number;
        }

        var (width, last) = (FullWidth, parts.Length);
        if (parts[^2].EndsWith(".p", StringComparison.Ordinal))
        {
            if (Checkpoint.Number(parts[^1]) is not { } number || number is 0 or >= FullWidth)
                return null;
            (width, last) = ((int)number, parts.Length - 1);
            parts[^2] = parts[^2][..^2];
        }

        ulong index = 0;
        foreach (var digits in parts[2..last].Select(part => part.TrimStart('x')))
        {
            if (digits.Length != 3 || !ulong.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || index > long.MaxValue / 1_000)
                return null;
            index = (index * 1_000) + number;
        }

        var tile = new Tile(level, index, width);
        return tile.Path == path ? tile : null;
    }

    private static string NumberOf(ulong index)
    {
        var number = (index % 1_000).ToString("D3", CultureInfo.InvariantCulture);
        for (index /= 1_000; index > 0; index /= 1_000)
            number = $"x{(index % 1_000).ToString("D3", CultureInfo.InvariantCulture)}/{number}";
        return number;
    }
}
