using System.Diagnostics.CodeAnalysis;
using System.Text.RegularExpressions;

namespace DataExchange.Contracts;

/// <summary>
/// The one spelling rule of every code in the catalogue (departments, attributes, schemes, purposes):
/// <c>[a-z0-9][a-z0-9-]{0,62}</c>. No case folding, no wildcards, no look-alikes: what is spelled otherwise does not exist.
/// </summary>
public static partial class CodeName
{
    public const int LengthMax = 63;

    public const string Rule = "must be 1 to 63 characters of a-z, 0-9 and '-', not starting with '-'";

    public static bool IsValid([NotNullWhen(true)] string? text) => text is not null && Pattern().IsMatch(text);

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,62}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
