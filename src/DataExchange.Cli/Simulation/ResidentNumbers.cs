using System.Globalization;
using System.Numerics;
using DataExchange.Contracts;

namespace DataExchange.Cli.Simulation;

/// <summary>
/// Numbers the persons of a population: person i has number i of a seeded permutation of all (district, birth date, sequence), so two
/// persons never share a number, any person's number is computed directly, and every number is used once before they run out.
/// </summary>
/// <remarks>
/// Every birth lies in the years 1800 to 1849. Resident numbers have been given since 1984 only, when nobody born then was alive, so
/// none of these numbers can be that of a real person; and all checks, which begin at 1800, hold.
/// </remarks>
internal sealed class ResidentNumbers(ulong seed)
{
    private const int SequenceCount = 999;
    private const int Rounds = 4;

    private static readonly int FirstDay = new DateOnly(1800, 1, 1).DayNumber;
    private static readonly int DayCount = new DateOnly(1850, 1, 1).DayNumber - FirstDay;

    /// <summary>How many numbers there are: some 54 thousand million.</summary>
    public static readonly long Count = (long)Districts.Codes.Count * DayCount * SequenceCount;

    private static readonly int HalfBits = (BitOperations.Log2((ulong)Count - 1) / 2) + 1;

    private readonly ulong[] _roundKeys = [.. Enumerable.Range(0, Rounds).Select(round => SeededHash.Of(seed, (ulong)round))];

    /// <param name="person">0 to <see cref="Count"/> - 1.</param>
    /// <param name="birth">As the number says.</param>
    /// <param name="male">As the number's sequence says: odd.</param>
    public string NumberOf(long person, out DateOnly birth, out bool male)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(person);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(person, Count);
        var place = Permute(person);
        var sequence = (int)(place % SequenceCount) + 1;
        var district = Districts.Codes[(int)(place / SequenceCount / DayCount)];
        birth = DateOnly.FromDayNumber(FirstDay + (int)(place / SequenceCount % DayCount));
        male = sequence % 2 == 1;

        Span<char> number = stackalloc char[18];
        district.CopyTo(number);
        birth.TryFormat(number[6..], out _, "yyyyMMdd", CultureInfo.InvariantCulture);
        sequence.TryFormat(number[14..], out _, "000", CultureInfo.InvariantCulture);
        number[17] = CnResidentScheme.CheckCharacterOf(number[..17]);
        return new string(number);
    }

    /// <summary>A Feistel network over the next even number of bits, walked until it falls below <see cref="Count"/>.</summary>
    private long Permute(long place)
    {
        var mask = (1UL << HalfBits) - 1;
        var walked = (ulong)place;
        do
        {
            var (left, right) = (walked >> HalfBits, walked & mask);
            foreach (var key in _roundKeys)
                (left, right) = (right, left ^ (SeededHash.Of(key, right) & mask));
            walked = (left << HalfBits) | right;
        }
        while (walked >= (ulong)Count);
        return (long)walked;
    }
}
