namespace DataExchange.Contracts;

/// <summary>
/// What a declared scheme does to a text before its rule is tried, in this order. The words of the catalogue file are
/// <c>trim</c>, <c>collapse-space</c>, <c>digits</c>, <c>upper</c>, <c>lower</c>, <c>nfc</c> and <c>keep-space</c>.
/// </summary>
[Flags]
public enum SchemeNormalization
{
    None = 0,

    /// <summary>White space at both ends goes.</summary>
    Trim = 1,

    /// <summary>Each run of white space, of whatever width, becomes one space.</summary>
    CollapseSpace = 2,

    /// <summary>Decimal digits of any script become 0-9; spaces, hyphens, dots and slashes go; any other character is refused.</summary>
    Digits = 4,

    /// <summary>Upper case, character by character, the same in every culture. Excludes <see cref="Lower"/>.</summary>
    Upper = 8,

    /// <summary>Lower case, character by character, the same in every culture. Excludes <see cref="Upper"/>.</summary>
    Lower = 16,

    /// <summary>Unicode normalization form C.</summary>
    Nfc = 32,

    /// <summary>
    /// White space of other kinds than the space, as the no-break space, is kept and tells texts apart; without it such a text is
    /// refused. For names that must be exactly as a register writes them. Excludes <see cref="CollapseSpace"/>.
    /// </summary>
    KeepSpace = 64,
}

/// <summary>The catalogue file's words for <see cref="SchemeNormalization"/>.</summary>
public static class SchemeNormalizations
{
    public const string Rule = "must be trim, collapse-space, digits, upper, lower, nfc or keep-space";

    private static readonly (string Word, SchemeNormalization Step)[] Words =
    [
        ("trim", SchemeNormalization.Trim),
        ("collapse-space", SchemeNormalization.CollapseSpace),
        ("digits", SchemeNormalization.Digits),
        ("upper", SchemeNormalization.Upper),
        ("lower", SchemeNormalization.Lower),
        ("nfc", SchemeNormalization.Nfc),
        ("keep-space", SchemeNormalization.KeepSpace),
    ];

    public static bool TryParse(string word, out SchemeNormalization step)
    {
        step = Words.FirstOrDefault(known => known.Word == word).Step;
        return step != SchemeNormalization.None;
    }

    /// <summary>The words of all steps that are set, in the order they are taken.</summary>
    public static IReadOnlyList<string> WordsOf(SchemeNormalization steps) =>
        [.. Words.Where(known => steps.HasFlag(known.Step)).Select(known => known.Word)];
}
