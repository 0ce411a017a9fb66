using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace DataExchange.Contracts;

/// <summary>
/// A scheme that the catalogue declares: its normalisation, then a regular expression that must match the whole text, or a fixed
/// length. Text that is not plain (see docs of <see cref="IdentifierText"/>) is refused, and white space other than the space unless it is kept.
/// </summary>
public sealed class DeclaredScheme : IIdentifierScheme
{
    public const int PatternLengthMax = 256;

    /// <summary>Raw characters looked at; room for separators and spaces that normalisation takes away.</summary>
    public const int RawLengthMax = 4 * Identifier.ValueBytesMax;

    // The matcher runs in time linear in the text; this bounds a hostile pattern's factor. It is time on the clock, so it leaves room for a
    // thread that waits for a processor: a text refused because the machine was busy would be a wrong answer.
    private static readonly TimeSpan MatchTimeout = TimeSpan.FromSeconds(5);

    private readonly SchemeNormalization _steps;
    private readonly Regex? _pattern;
    private readonly int? _length;

    /// <param name="name">A <see cref="CodeName"/>, not that of a built-in scheme.</param>
    /// <param name="pattern">Matches the whole text; no look-around and no back-references. Exclusive with <paramref name="length"/>.</param>
    /// <param name="length">Characters (Unicode scalar values) after normalisation. Exclusive with <paramref name="pattern"/>.</param>
    /// <param name="steps">What is done to a text first.</param>
    /// <exception cref="ArgumentException"><see cref="Validate"/> finds an error.</exception>
    public DeclaredScheme(string name, string? pattern, int? length, SchemeNormalization steps)
    {
        if (Validate(name, pattern, length, steps) is [var error, ..])
            throw new ArgumentException($"{error.Field} {error.Rule}");
        Name = name;
        _length = length;
        _steps = steps;
        _pattern = pattern is null ? null : Compile(pattern);
    }

    public string Name { get; }

    /// <summary>Every rule the declaration breaks; the fields are <c>name</c>, <c>pattern</c>, <c>length</c> and <c>normalize</c>.</summary>
    public static IReadOnlyList<FieldError> Validate(string name, string? pattern, int? length, SchemeNormalization steps)
    {
        var errors = new List<FieldError>();
        if (!CodeName.IsValid(name))
            errors.Add(new("name", CodeName.Rule));
        else if (IdentifierSchemes.IsBuiltIn(name))
            errors.Add(new("name", "must not be that of a built-in scheme"));
        if (pattern is null == length is null)
            errors.Add(new("pattern", "or length must be given, and not both"));
        if (pattern is not null && !IsPattern(pattern))
            errors.Add(new("pattern", $"must be a regular expression of 1 to {PatternLengthMax} characters without look-around and back-references"));
        if (length is < 1 or > Identifier.ValueBytesMax)
            errors.Add(new("length", $"must be 1 to {Identifier.ValueBytesMax}"));
        if (steps.HasFlag(SchemeNormalization.Upper | SchemeNormalization.Lower))
            errors.Add(new("normalize", "must not hold both upper and lower"));
        if (steps.HasFlag(SchemeNormalization.CollapseSpace | SchemeNormalization.KeepSpace))
            errors.Add(new("normalize", "must not hold both collapse-space and keep-space"));
        return errors;
    }

    public bool TryCanonicalize(string raw, out string canonical)
    {
        canonical = "";
        // A text that normalises further each time has no canonical form, so it is refused.
        if (!TryNormalize(raw, out var text) || (!ReferenceEquals(text, raw) && !(TryNormalize(text, out var again) && again == text)))
            return false;
        if (Encoding.UTF8.GetByteCount(text) is < 1 or > Identifier.ValueBytesMax || !Matches(text))
            return false;
        canonical = text;
        return true;
    }

    public IdentifierCheck Check(string raw, DateOnly? today = null) => TryCanonicalize(raw, out var canonical)
        ? new IdentifierCheck(canonical, Shape: true, Checksum: null, Date: null, Area: null)
        : IdentifierCheck.Shapeless;

    private static Regex Compile(string pattern) =>
        new($@"\A(?:{pattern})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchTimeout);

    private static bool IsPattern(string pattern)
    {
        if (pattern.Length is < 1 or > PatternLengthMax)
            return false;
        try
        {
            // Alone first: "a)|(b" is no expression, though it would be one within the group.
            _ = new Regex(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, MatchTimeout);
            _ = Compile(pattern).IsMatch("");
            return true;
        }
        catch (Exception refused) when (refused is ArgumentException or NotSupportedException or RegexMatchTimeoutException)
        {
            return false;
        }
    }

    private bool Matches(string text)
    {
        try
        {
            return _pattern?.IsMatch(text) ?? text.EnumerateRunes().Count() == _length;
        }
        catch (RegexMatchTimeoutException)
        {
            return false;
        }
    }

    /// <summary>Gives back the same instance where no step changes anything.</summary>
    private bool TryNormalize(string raw, out string text)
    {
        text = raw;
        if (raw.Length > RawLengthMax || !IdentifierText.IsPlain(raw))
            return false;
        if (Has(SchemeNormalization.Trim))
            text = text.Trim();
        if (Has(SchemeNormalization.CollapseSpace))
            text = CollapseSpace(text);
        if (Has(SchemeNormalization.Digits))
            text = FoldDigits(text);
        if (Has(SchemeNormalization.Upper))
            text = text.ToUpperInvariant();
        if (Has(SchemeNormalization.Lower))
            text = text.ToLowerInvariant();
        if (Has(SchemeNormalization.Nfc))
            text = NormalizationFormC.Of(text);
        return (Has(SchemeNormalization.KeepSpace) || !HasOtherSpace(text)) && !(Has(SchemeNormalization.Digits) && text.AsSpan().ContainsAnyExceptInRange('0', '9'));
    }

    private bool Has(SchemeNormalization step) => (_steps & step) != 0;

    private static string CollapseSpace(string text)
    {
        if (!HasOtherSpace(text) && !text.Contains("  ", StringComparison.Ordinal))
            return text;
        var collapsed = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (!char.IsWhiteSpace(c))
                collapsed.Append(c);
            else if (collapsed.Length == 0 || collapsed[^1] != ' ')
                collapsed.Append(' ');
        }
        return collapsed.ToString();
    }

    private static string FoldDigits(string text)
    {
        if (!text.AsSpan().ContainsAnyExceptInRange('0', '9'))
            return text;
        var folded = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            if (CharUnicodeInfo.GetDecimalDigitValue(c) is >= 0 and var digit)
                folded.Append((char)('0' + digit));
            else if (c is not ('-' or '.' or '/') && !char.IsWhiteSpace(c))
                folded.Append(c);
        }
        return folded.ToString();
    }

    private static bool HasOtherSpace(string text)
    {
        foreach (var c in text)
        {
            if (c != ' ' && char.IsWhiteSpace(c))
                return true;
        }
        return false;
    }
}
