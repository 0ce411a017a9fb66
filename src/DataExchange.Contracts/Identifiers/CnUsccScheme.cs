using System.Buffers;

namespace DataExchange.Contracts;

/// <summary>
/// China's unified social credit identifier of organisations, GB 32100-2015: one character for the registering authority, one for
/// the kind of organisation, six digits of area, nine of organisation code, and a check character by MOD 31-3 over an alphabet
/// without I, O, S, V and Z. Full-width and lower-case characters are normalised.
/// </summary>
public sealed class CnUsccScheme : IIdentifierScheme
{
    public const string SchemeName = "cn-uscc";

    private const int Length = 18;
    private const int CheckPosition = Length - 1;
    private const int Modulus = 31;
    private const string Alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

    // Not a division but the state itself: the code of organisations registered centrally.
    private const string NationalArea = "100000";

    private static readonly SearchValues<char> AlphabetCharacters = SearchValues.Create(Alphabet);

    // The standard's table of registering authorities with its supplements: A the Central Military Commission, N agriculture, Y others.
    private static readonly SearchValues<char> Authorities = SearchValues.Create("123456789ANY");

    public string Name => SchemeName;

    public bool TryCanonicalize(string raw, out string canonical)
    {
        canonical = "";
        Span<char> number = stackalloc char[Length];
        if (!TryReadShape(raw, number) || CheckCharacterOf(number[..CheckPosition]) != number[CheckPosition])
            return false;
        canonical = CnText.Reuse(raw, number);
        return true;
    }

    public IdentifierCheck Check(string raw, DateOnly? today = null)
    {
        Span<char> number = stackalloc char[Length];
        if (!TryReadShape(raw, number))
            return IdentifierCheck.Shapeless;
        var checksum = CheckCharacterOf(number[..CheckPosition]) == number[CheckPosition];
        var area = number[2..8];
        return new IdentifierCheck(checksum ? CnText.Reuse(raw, number) : null, Shape: true, checksum, Date: null,
            Area: area.SequenceEqual(NationalArea) || CnAreaCodes.Contains(area));
    }

    /// <summary>MOD 31-3 over the first 17 characters, all of the alphabet.</summary>
    public static char CheckCharacterOf(ReadOnlySpan<char> characters)
    {
        var (sum, weight) = (0, 1);
        foreach (var character in characters)
        {
            sum += Alphabet.IndexOf(character, StringComparison.Ordinal) * weight;
            weight = weight * 3 % Modulus;
        }
        return Alphabet[(Modulus - (sum % Modulus)) % Modulus];
    }

    private static bool TryReadShape(string raw, Span<char> number)
    {
        if (raw.Length != Length)
            return false;
        for (var i = 0; i < Length; i++)
            number[i] = CnText.Fold(raw[i]);
        return Authorities.Contains(number[0]) && CnText.AllDigits(number[2..8]) && !number.ContainsAnyExcept(AlphabetCharacters);
    }
}
