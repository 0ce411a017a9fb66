using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace DataExchange.Contracts;

/// <summary>
/// The one spelling rule of every code in the catalogue (departments, attributes, schemes, purposes):
/// <c>[a-z0-9][a-z0-9-]{0,62}</c>. No case folding, no wildcards, no look-alikes: what is spelled otherwise does not exist.
/// </summary>
public static class CodeName
{
    public const int LengthMax = 63;

    public const string Rule = "must be 1 to 63 characters of a-z, 0-9 and '-', not starting with '-'";

    private static readonly SearchValues<char> Characters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    public static bool IsValid([NotNullWhen(true)] string? text) =>
        text is { Length: > 0 and <= LengthMax } && text[0] != '-' && !text.AsSpan().ContainsAnyExcept(Characters);
}
