using System.Text;
using DataExchange.Contracts;

namespace DataExchange.Fuzzing.Targets;

/// <summary>
/// Identifiers in every scheme, read as UTF-8 and as raw UTF-16, which knows characters that are none; and schemes that a catalogue declares. A
/// canonical text is 1 to 256 bytes and its own canonical text, the same instance; the layered check says the same; a refusal is one of three texts.
/// </summary>
internal static class IdentifierTarget
{
    private static readonly IdentifierSchemes Schemes = new(
    [
        new("coins", "[A-Z]{3}[0-9]{3}", null, SchemeNormalization.Trim | SchemeNormalization.Upper),
        new("digits", null, 8, SchemeNormalization.Digits),
        new("name", ".+", null, SchemeNormalization.Trim | SchemeNormalization.CollapseSpace | SchemeNormalization.Lower | SchemeNormalization.Nfc),
        new("name-upper", ".{1,40}", null, SchemeNormalization.CollapseSpace | SchemeNormalization.Upper | SchemeNormalization.Nfc),
        new("exact", ".{1,40}", null, SchemeNormalization.Nfc | SchemeNormalization.KeepSpace),
        new("length", null, 12, SchemeNormalization.None),
    ]);

    private static readonly string[] Rules = ["must be present", "must be a scheme of this exchange", "must be valid in its scheme"];

    public static bool Accepts(byte[] input)
    {
        var accepted = 0;
        foreach (var name in Schemes.Names)
        {
            Must.Hold(Schemes.TryFind(name, out var scheme), "a scheme that is named is there");
            accepted += Texts(input).Count(text => IsIdentifier(scheme!, text));
        }

        return accepted > 0;
    }

    /// <summary>Steps, what kind of rule, the rule up to a line end, then a text of the scheme.</summary>
    public static bool AcceptsDeclaration(byte[] input)
    {
        if (input.Length < 2)
            return false;
        var steps = (SchemeNormalization)input[0] & (SchemeNormalization)127;
        var text = Encoding.UTF8.GetString(input.AsSpan(2));
        var rule = text.Split('\n')[0];
        var pattern = input[1] == 0 ? null : rule;
        int? length = input[1] == 0 ? rule.Length : null;
        if (DeclaredScheme.Validate("declared", pattern, length, steps) is { Count: > 0 } errors)
        {
            foreach (var error in errors)
                Must.Refuse($"{error.Field} {error.Rule}", input);
            return false;
        }

        var scheme = new DeclaredScheme("declared", pattern, length, steps);
        return IsIdentifier(scheme, text[Math.Min(text.Length, rule.Length + 1)..]);
    }

    public static IEnumerable<(string, byte[])> Seeds() =>
        new (string Name, string Text)[]
        {
            ("resident", FuzzExchange.Resident), ("resident-15", "110105491231002"), ("resident-full-width", "１１０１０５１９４９１２３１００２ｘ"), ("company", FuzzExchange.Company),
            ("coins", " dcm048 "), ("digits", "12-34.56/78"), ("digits-arabic", "١٢٣٤٥٦٧٨"), ("name", "  Zoe\u0308  O\u2019Neill "), ("hangul", "\u1112\u1161\u11AB"), ("no-break", "a\u00A0b"),
        }.Select(seed => (seed.Name, Encoding.UTF8.GetBytes(seed.Text)));

    public static IEnumerable<(string, byte[])> Declarations() =>
    [
        ("pattern", [9, 1, .. "[A-Z]{3}[0-9]{3}\n dcm048"u8]),
        ("length", [4, 0, .. "12345678\n12-34.56/78"u8]),
        ("everything", [(byte)(1 | 2 | 16 | 32), 1, .. "\\p{L}+( \\p{L}+)*\n Zoë  Ó Neill "u8]),
        ("back-reference", [0, 1, .. "(a)\\1\naa"u8]),
        ("unbalanced", [0, 1, .. "a)|(b\na"u8]),
    ];

    private static IEnumerable<string> Texts(byte[] input) => [Encoding.UTF8.GetString(input), Encoding.Unicode.GetString(input), new string([.. input.Select(b => (char)((b << 8) | b))])];

    private static bool IsIdentifier(IIdentifierScheme scheme, string text)
    {
        var valid = scheme.TryCanonicalize(text, out var canonical);
        var check = scheme.Check(text);
        Must.Hold(check.IsValid == valid && (check.Canonical ?? "") == canonical, "the layered check says the same");
        if (Schemes.TryFind(scheme.Name, out _))
            HoldReading(scheme.Name, text, valid ? canonical : null);
        if (!valid)
            return false;

        Must.Hold(Encoding.UTF8.GetByteCount(canonical) is >= 1 and <= Identifier.ValueBytesMax, "a canonical text is 1 to 256 bytes");
        Must.Hold(scheme.TryCanonicalize(canonical, out var again) && ReferenceEquals(again, canonical), "a canonical text is its own");
        Must.Hold(check is { Shape: true } && check.Checksum != false && check.Date != false, "what is valid is so in each layer");
        return true;
    }

    private static void HoldReading(string scheme, string text, string? canonical)
    {
        var read = Schemes.TryRead(new Wire.Identifier { Scheme = scheme, Value = text }, "subject", out var identifier, out var error);
        Must.Hold(read == canonical is not null && (!read || identifier == new Identifier(scheme, canonical!)), "a message is read as its scheme says");
        Must.Hold(read || Rules.Contains(error.Rule), "a refusal is one of three texts");
        Must.Hold(identifier.ToString().EndsWith('*') || !read, "an identifier does not show");
    }
}
