using System.Buffers.Binary;
using System.Security.Cryptography;
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
/// <see cref="SealedPlace"/> as associated data. Not thread safe.
/// </summary>
internal sealed class ValueSeal : IDisposable
{
    public const int OverheadBytes = SyntheticNonce.Bytes + TagBytes;

    private const int TagBytes = 16;

    private readonly AesGcm _aes;
    private readonly UInt128 _nonceKey;

    /// <param name="derived">See <see cref="SubjectSecret.Derive"/>.</param>
    public ValueSeal(ReadOnlySpan<byte> derived)
    {
        _aes = new AesGcm(SubjectSecret.DataKey(derived), TagBytes);
        _nonceKey = BinaryPrimitives.ReadUInt128BigEndian(SubjectSecret.NonceKey(derived));
    }

    /// <param name="sealedValue"><see cref="OverheadBytes"/> longer than <paramref name="value"/>.</param>
    public void Seal(ReadOnlySpan<byte> value, in SealedPlace place, Span<byte> sealedValue)
    {
        Span<byte> associated = stackalloc byte[SealedPlace.BytesMax];
        associated = associated[..place.Write(associated)];
        Span<byte> nonceKey = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(nonceKey, _nonceKey);
        var nonce = sealedValue[..SyntheticNonce.Bytes];
        SyntheticNonce.Make(nonceKey, associated, value, nonce);
        _aes.Encrypt(nonce, value, sealedValue[SyntheticNonce.Bytes..^TagBytes], sealedValue[^TagBytes..], associated);
    }

    /// <param name="value"><see cref="OverheadBytes"/> shorter than <paramref name="sealedValue"/>.</param>
    /// <returns>False for anything but what was sealed for this subject in this very place.</returns>
    public bool TryOpen(ReadOnlySpan<byte> sealedValue, in SealedPlace place, Span<byte> value)
    {
        Span<byte> associated = stackalloc byte[SealedPlace.BytesMax];
        associated = associated[..place.Write(associated)];
        try
        {
            _aes.Decrypt(sealedValue[..SyntheticNonce.Bytes], sealedValue[SyntheticNonce.Bytes..^TagBytes], sealedValue[^TagBytes..], value, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose() => _aes.Dispose();
}
