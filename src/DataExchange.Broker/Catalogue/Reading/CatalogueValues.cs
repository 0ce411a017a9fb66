using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.RegularExpressions;
using DataExchange.Contracts;

namespace DataExchange.Broker.Catalogue.Reading;

/// <summary>The spelling of each kind of value in a catalogue file, with the rule that an error states.</summary>
internal static partial class CatalogueValues
{
    public const int NameLengthMax = 200;

    public const string NameRule = "must be 1 to 200 characters, without control characters and without blanks at the ends";
    public const string LegalBasisRule = "must be 1 to 128 characters, without control characters and without blanks at the ends";
    public const string AddressRule = "must be an https address without path, query and user";
    public const string EpochRule = "must be 32 hexadecimal digits";
    public const string FlagRule = "must be true or false";
    public const string TypeRule = "must be text, integer, decimal, flag, date, timestamp or code";
    public const string HoldingRule = "must be held or located";
    public const string SharingRule = "must be unconditional, conditional or not_shared";
    public const string SensitivityRule = "must be open, restricted, personal or special";
    public const string DayRule = "must be a day as 2026-01-31";
    public const string AgeRule = "must be a length of time from 1 second to 36500 days, as 30d, 12h, 15m, 90s or PT12H";
    public const string MomentRule = "must be a day as 2026-01-31 (midnight UTC) or a second as 2026-01-31T08:00:00Z or +08:00";
    public const string UsesRule = "must be tls or signing";
    public const string PatternRule = "must be a regular expression";
    public const string LengthRule = "must be a number from 1 to 256";
    public const string PemRule = "must be PEM text of at most 16 KiB";
    public const string PathRule = "must be a file path of at most 4096 characters";

    private static readonly TimeSpan AgeMax = TimeSpan.FromDays(36_500);
    private static readonly string[] MomentFormats = ["yyyy-MM-dd", "yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz"];

    public static bool Name(string? text, [NotNullWhen(true)] out string? name) => Line(text, NameLengthMax, out name);

    public static bool LegalBasis(string? text, [NotNullWhen(true)] out string? basis) => Line(text, WireLimits.LegalBasisLengthMax, out basis);

    public static bool Code(string? text, [NotNullWhen(true)] out string? code) => (code = CodeName.IsValid(text) ? text : null) is not null;

    public static bool Address(string? text, [NotNullWhen(true)] out string? address)
    {
        address = Uri.TryCreate(text, UriKind.Absolute, out var uri)
            && uri is { Scheme: "https", Host.Length: > 0, PathAndQuery: "/", Fragment: "", UserInfo: "" }
            ? uri.GetLeftPart(UriPartial.Authority)
            : null;
        return address is not null;
    }

    public static bool Epoch(string? text, [NotNullWhen(true)] out string? epoch)
    {
        var valid = text?.Length == 2 * WireLimits.EpochBytes && text.All(char.IsAsciiHexDigit);
        epoch = valid ? text!.ToLowerInvariant() : null;
        return valid;
    }

    public static bool Flag(string? text, out bool flag) => (flag = text is "true") || text is "false";

    /// <summary>Any text: <see cref="DeclaredScheme"/> has the rules.</summary>
    public static bool Pattern(string? text, [NotNullWhen(true)] out string? pattern) => (pattern = text) is not null;

    public static bool Length(string? text, [NotNullWhen(true)] out int? length)
    {
        var valid = int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= Identifier.ValueBytesMax;
        length = valid ? number : null;
        return valid;
    }

    public static bool Pem(string? text, [NotNullWhen(true)] out string? pem) => (pem = text?.Length <= KeyMaterial.PemLengthMax ? text : null) is not null;

    public static bool Path(string? text, [NotNullWhen(true)] out string? path) => (path = text is { Length: > 0 and <= 4096 } ? text : null) is not null;

    public static bool Type(string? text, out Wire.ValueType type) => Word(text, out type);

    public static bool Holding(string? text, out Wire.Holding holding) => Word(text, out holding);

    public static bool Sharing(string? text, out Wire.Sharing sharing)
    {
        sharing = text switch
        {
            "unconditional" => Wire.Sharing.Unconditional,
            "conditional" => Wire.Sharing.Conditional,
            "not_shared" => Wire.Sharing.NotShared,
            _ => default,
        };
        return sharing != default;
    }

    public static bool Sensitivity(string? text, out Wire.Sensitivity sensitivity) => Word(text, out sensitivity);

    public static bool Attribute(string? text, [NotNullWhen(true)] out AttributeId? attribute)
    {
        attribute = AttributeId.TryParse(text, out var id) ? id : null;
        return attribute is not null;
    }

    public static bool Day(string? text, out DateOnly day) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out day);

    public static bool Use(string? text, out KeyUses use)
    {
        use = text switch { "tls" => KeyUses.Tls, "signing" => KeyUses.Signing, _ => KeyUses.None };
        return use != KeyUses.None;
    }

    public static bool Step(string? text, out SchemeNormalization step) => SchemeNormalizations.TryParse(text ?? "", out step);

    public static bool Age(string? text, [NotNullWhen(true)] out TimeSpan? age)
    {
        age = null;
        var match = AgePattern().Match(text ?? "");
        if (!match.Success)
            return false;
        var total = 0L;
        foreach (var (group, seconds) in new[] { ("d", 86_400L), ("h", 3_600L), ("m", 60L), ("s", 1L) })
            total += match.Groups[group].Success ? seconds * long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture) : 0;
        if (total < 1 || total > (long)AgeMax.TotalSeconds)
            return false;
        age = TimeSpan.FromSeconds(total);
        return true;
    }

    public static bool Moment(string? text, out DateTimeOffset moment)
    {
        const DateTimeStyles utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        return DateTimeOffset.TryParseExact(text, MomentFormats, CultureInfo.InvariantCulture, utc, out moment);
    }

    /// <summary>The lower-case spelling of an enum's member, as <see cref="Word{T}"/> reads it.</summary>
    public static string Spell<T>(T value)
        where T : struct, Enum =>
        value.ToString().ToLowerInvariant();

    private static bool Word<T>(string? text, out T value)
        where T : struct, Enum
    {
        value = Enum.GetValues<T>().FirstOrDefault(v => Convert.ToInt32(v, CultureInfo.InvariantCulture) != 0 && Spell(v) == text);
        return Convert.ToInt32(value, CultureInfo.InvariantCulture) != 0;
    }

    private static bool Line(string? text, int lengthMax, [NotNullWhen(true)] out string? line)
    {
        var valid = text is { Length: > 0 } && text.Length <= lengthMax && text.Trim().Length == text.Length && text.EnumerateRunes().All(IsPrintable);
        line = valid ? text : null;
        return valid;
    }

    /// <summary>No controls, and none of the invisible marks that make two texts look alike or turn the direction of writing.</summary>
    private static bool IsPrintable(System.Text.Rune rune) => System.Text.Rune.GetUnicodeCategory(rune) is not
        (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
        or UnicodeCategory.OtherNotAssigned or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator)
        && rune != System.Text.Rune.ReplacementChar;

    [GeneratedRegex(
        @"\A(?:(?<d>[0-9]{1,5})d|(?<h>[0-9]{1,7})h|(?<m>[0-9]{1,9})m|(?<s>[0-9]{1,10})s|P(?=[0-9T])(?:(?<d>[0-9]{1,5})D)?(?:T(?=[0-9])(?:(?<h>[0-9]{1,7})H)?(?:(?<m>[0-9]{1,9})M)?(?:(?<s>[0-9]{1,10})S)?)?)\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex AgePattern();
}
