using System.Buffers.Binary;
using System.Text;
using DataExchange.Contracts;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>What a sealed value belongs to; read anywhere else, under another revision or another time it does not open.</summary>
/// <param name="Department">Who published it.</param>
/// <param name="Epoch">In which stream.</param>
/// <param name="AsOfTicks">Since when it holds, UTC ticks.</param>
internal readonly record struct SealedPlace(SubjectKey Subject, DepartmentId Department, UInt128 Epoch, AttributeId Attribute, ulong Sequence, long AsOfTicks)
{
    public const int BytesMax = SubjectKey.Size + 16 + (2 * sizeof(ulong)) + (3 * (1 + CodeName.LengthMax));

    /// <returns>The bytes written: no two places give the same.</returns>
    public int Write(Span<byte> bytes)
    {
        Subject.Write(bytes);
        BinaryPrimitives.WriteUInt128BigEndian(bytes[16..], Epoch);
        BinaryPrimitives.WriteUInt64BigEndian(bytes[32..], Sequence);
        BinaryPrimitives.WriteInt64BigEndian(bytes[40..], AsOfTicks);
        var length = 48;
        length += WriteName(Department.Value, bytes[length..]);
        length += WriteName(Attribute.Department.Value, bytes[length..]);
        length += WriteName(Attribute.Name, bytes[length..]);
        return length;
    }

    private static int WriteName(string name, Span<byte> bytes)
    {
        bytes[0] = (byte)Encoding.UTF8.GetBytes(name, bytes[1..]);
        return 1 + bytes[0];
    }
}

/// <summary>
/// Seals and opens the values of one subject under its data key. Sealed: nonce(12) AES-256-GCM(value) tag(16), with
/// <see cref="SealedPlace"/> as associated data. Thread safe.
/// </summary>
internal static class ValueSeal
{
    public const int OverheadBytes = Aes256Gcm.NonceBytes + Aes256Gcm.TagBytes;

    /// <param name="derived">Of the subject, see <see cref="SubjectSecret.Derive"/>.</param>
    /// <param name="sealedValue"><see cref="OverheadBytes"/> longer than <paramref name="value"/>.</param>
    public static void Seal(ReadOnlySpan<byte> derived, ReadOnlySpan<byte> value, in SealedPlace place, Span<byte> sealedValue)
    {
        Span<byte> associated = stackalloc byte[SealedPlace.BytesMax];
        associated = associated[..place.Write(associated)];
        var nonce = sealedValue[..Aes256Gcm.NonceBytes];
        SyntheticNonce.Make(SubjectSecret.NonceKey(derived), associated, value, nonce);
        Aes256Gcm.Seal(SubjectSecret.DataKey(derived), nonce, associated, value, sealedValue[Aes256Gcm.NonceBytes..]);
    }

    /// <param name="derived">Of the subject, see <see cref="SubjectSecret.Derive"/>.</param>
    /// <param name="value"><see cref="OverheadBytes"/> shorter than <paramref name="sealedValue"/>.</param>
    /// <returns>False for anything but what was sealed for this subject in this very place.</returns>
    public static bool TryOpen(ReadOnlySpan<byte> derived, ReadOnlySpan<byte> sealedValue, in SealedPlace place, Span<byte> value)
    {
        Span<byte> associated = stackalloc byte[SealedPlace.BytesMax];
        associated = associated[..place.Write(associated)];
        return Aes256Gcm.TryOpen(
            SubjectSecret.DataKey(derived), sealedValue[..Aes256Gcm.NonceBytes], associated, sealedValue[Aes256Gcm.NonceBytes..], value);
    }
}
