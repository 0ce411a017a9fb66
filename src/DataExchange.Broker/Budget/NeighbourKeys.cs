using System.Globalization;
using System.Numerics;
using DataExchange.Broker.Index;
using DataExchange.Contracts;

namespace DataExchange.Broker.Budget;

/// <summary>
/// Makes one key of all resident numbers of one area and birthday, their first 14 digits: SipHash-2-4 of that number under a key that the
/// hub key gives, since an unkeyed hash of so few digits hides nothing, and an HMAC takes longer than the rest of a budget. Thread safe.
/// </summary>
internal sealed class NeighbourKeys
{
    private const int Digits = 14;

    private readonly ulong _key0;
    private readonly ulong _key1;

    public NeighbourKeys(SubjectKeys keys)
    {
        // Of no exchange's scheme, so that it is no subject's key.
        var key = keys.Of(new Identifier("budget/neighbours", "key"));
        (_key0, _key1) = (key.High, key.Low);
    }

    /// <returns>Never <see cref="DistinctWindow.NoGroup"/> for a resident number, always for others.</returns>
    public ulong Of(Identifier identifier) => identifier.Scheme == CnResidentScheme.SchemeName
        ? SipHash(_key0, _key1, ulong.Parse(identifier.Value.AsSpan(0, Digits), NumberStyles.None, CultureInfo.InvariantCulture)) | 1
        : DistinctWindow.NoGroup;

    /// <summary>SipHash-2-4 (Aumasson and Bernstein, 2012) of the message's eight bytes, little endian.</summary>
    internal static ulong SipHash(ulong key0, ulong key1, ulong message)
    {
        const ulong Length = 8UL << 56;
        var (v0, v1) = (key0 ^ 0x736f_6d65_7073_6575, key1 ^ 0x646f_7261_6e64_6f6d);
        var (v2, v3) = (key0 ^ 0x6c79_6765_6e65_7261, key1 ^ 0x7465_6462_7974_6573);
        foreach (var word in (ReadOnlySpan<ulong>)[message, Length])
        {
            v3 ^= word;
            Rounds(2, ref v0, ref v1, ref v2, ref v3);
            v0 ^= word;
        }

        v2 ^= 0xff;
        Rounds(4, ref v0, ref v1, ref v2, ref v3);
        return v0 ^ v1 ^ v2 ^ v3;
    }

    private static void Rounds(int count, ref ulong v0, ref ulong v1, ref ulong v2, ref ulong v3)
    {
        for (; count > 0; count--)
        {
            v0 += v1;
            v2 += v3;
            v1 = BitOperations.RotateLeft(v1, 13) ^ v0;
            v3 = BitOperations.RotateLeft(v3, 16) ^ v2;
            v0 = BitOperations.RotateLeft(v0, 32);
            v2 += v1;
            v0 += v3;
            v1 = BitOperations.RotateLeft(v1, 17) ^ v2;
            v3 = BitOperations.RotateLeft(v3, 21) ^ v0;
            v2 = BitOperations.RotateLeft(v2, 32);
        }
    }
}
