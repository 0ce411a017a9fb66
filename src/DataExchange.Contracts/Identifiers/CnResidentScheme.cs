namespace DataExchange.Contracts;

/// <summary>
/// China's citizen identification number, GB 11643-1999: six digits of area, eight of birth date, three of sequence (odd for men),
/// and a check character by ISO 7064 MOD 11-2. The 15-digit form in use until 1999 is converted: the century is 19, and the check
/// character is added. Full-width characters and <c>x</c> are normalised; white space and separators are not part of a number.
/// </summary>
public sealed class CnResidentScheme : IIdentifierScheme
{
    public const string SchemeName = "cn-resident";
    public const int YearMin = 1800;

    private const int Length = 18;
    private const int FormerLength = 15;
    private const int CheckPosition = Length - 1;
    private const string CheckCharacters = "10X98765432";

    public string Name => SchemeName;

    public bool TryCanonicalize(string raw, out string canonical)
    {
        canonical = "";
        Span<char> number = stackalloc char[Length];
        if (!TryReadShape(raw, number) || CheckCharacterOf(number[..CheckPosition]) != number[CheckPosition] || !TryReadBirth(number, out _))
            return false;
        canonical = CnText.Reuse(raw, number);
        return true;
    }

    public IdentifierCheck Check(string raw, DateOnly? today = null)
    {
        Span<char> number = stackalloc char[Length];
        if (!TryReadShape(raw, number))
            return IdentifierCheck.Shapeless;
        bool? checksum = raw.Length == FormerLength ? null : CheckCharacterOf(number[..CheckPosition]) == number[CheckPosition];
        var date = TryReadBirth(number, out var birth) && (today is null || birth <= today);
        var canonical = IdentifierCheck.Holds(checksum, date) ? CnText.Reuse(raw, number) : null;
        return new IdentifierCheck(canonical, Shape: true, checksum, date, CnAreaCodes.Contains(number[..6]));
    }

    /// <summary>ISO 7064 MOD 11-2 over the first 17 digits: <c>0</c> to <c>9</c> or <c>X</c>.</summary>
    public static char CheckCharacterOf(ReadOnlySpan<char> digits)
    {
        // Horner's form of the standard's sum of digit times 2^position, modulo 11.
        var sum = 0;
        foreach (var digit in digits)
            sum = (sum + (digit - '0')) * 2 % 11;
        return CheckCharacters[sum];
    }

    /// <summary>18 folded characters, converted from 15 where needed. Area codes begin with 1 to 9.</summary>
    private static bool TryReadShape(string raw, Span<char> number)
    {
        if (raw.Length is not (Length or FormerLength))
            return false;
        for (var i = 0; i < raw.Length; i++)
            number[i] = CnText.Fold(raw[i]);
        if (raw.Length == FormerLength)
        {
            if (!CnText.AllDigits(number[..FormerLength]))
                return false;
            number[6..FormerLength].CopyTo(number[8..]);
            "19".CopyTo(number[6..]);
            number[CheckPosition] = CheckCharacterOf(number[..CheckPosition]);
        }
        return number[0] != '0' && CnText.AllDigits(number[..CheckPosition]) && number[CheckPosition] is (>= '0' and <= '9') or 'X';
    }

    private static bool TryReadBirth(ReadOnlySpan<char> number, out DateOnly birth)
    {
        var (year, month, day) = (Digits(number[6..10]), Digits(number[10..12]), Digits(number[12..14]));
        var real = year >= YearMin && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month);
        birth = real ? new DateOnly(year, month, day) : default;
        return real;
    }

    private static int Digits(ReadOnlySpan<char> digits)
    {
        var number = 0;
        foreach (var digit in digits)
            number = (number * 10) + (digit - '0');
        return number;
    }
}
