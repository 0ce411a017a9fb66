using System.Buffers;
using System.Globalization;

namespace DataExchange.Transparency;

/// <summary>
/// A hub's logs follow each other under one key: an origin ends in the log's id, 32 hexadecimal digits, and the next log's id is the number
/// after. So whoever knows one of them knows what the next one must be called, and that there can be only one.
/// </summary>
public static class LogOrigin
{
    /// <summary>How many logs away from the one that a key was given for it is believed.</summary>
    private const int DistanceMax = 10_000;
    private const int IdLength = 32;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>The origin of the log after this one; null for an origin that does not end in an id.</summary>
    public static string? After(string origin) => Read(origin) is var (prefix, id) ? prefix + (id + 1).ToString("x32", CultureInfo.InvariantCulture) : null;

    /// <summary>Whether both are logs of the same hub, one before the other or the other way.</summary>
    public static bool AreOfOneHub(string origin, string other) =>
        Read(origin) is var (prefix, id) && Read(other) is var (otherPrefix, otherId) && prefix == otherPrefix
            && (id > otherId ? id - otherId : otherId - id) <= DistanceMax;

    /// <summary>Whether the origin is of a log of the same hub that came after the other.</summary>
    public static bool Follows(string origin, string other) =>
        AreOfOneHub(origin, other) && Read(origin)!.Value.Id > Read(other)!.Value.Id;

    public static bool IsId(ReadOnlySpan<char> text) => text.Length == IdLength && IsHex(text);

    internal static bool IsHex(ReadOnlySpan<char> text) => !text.ContainsAnyExcept(HexDigits);

    private static (string Prefix, UInt128 Id)? Read(string origin)
    {
        ArgumentNullException.ThrowIfNull(origin);
        var at = origin.LastIndexOf('/') + 1;
        return IsId(origin.AsSpan(at))
            ? (origin[..at], UInt128.Parse(origin.AsSpan(at), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture))
            : null;
    }
}
