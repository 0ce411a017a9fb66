using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// One generation of the hub's wrapping key, under which subjects' secrets lie in the index:
/// <code>
/// wrapped = number of the key (4, little endian) nonce(12) AES-256-GCM(secret)(32) tag(16)
/// </code>
/// Associated data is number and subject key, so that a secret moved to another subject is refused. Thread safe.
/// </summary>
internal sealed class WrappingKey : IDisposable
{
    public const int KeyBytes = 32;
    public const int WrappedBytes = HeadBytes + SyntheticNonce.Bytes + SubjectSecret.Bytes + TagBytes;

    private const int HeadBytes = sizeof(uint);
    private const int TagBytes = 16;

    private readonly byte[] _nonceKey;

    // An instance serves one thread at a time, and a new one costs more than what it does.
    private readonly ThreadLocal<AesGcm> _aes;

    /// <param name="number">From 1.</param>
    /// <param name="key"><see cref="KeyBytes"/> bytes.</param>
    public WrappingKey(uint number, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfZero(number);
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeyBytes);
        Number = number;
        var sealKey = Derive(key, "dataexchange.wrapping.v1 seal");
        _nonceKey = Derive(key, "dataexchange.wrapping.v1 nonce");
        Fingerprint = Derive(key, "dataexchange.wrapping.v1 fingerprint")[..16];
        _aes = new(() => new AesGcm(sealKey, TagBytes), trackAllValues: true);
    }

    public uint Number { get; }

    /// <summary>Tells this key from any other, and gives nothing of it away.</summary>
    public byte[] Fingerprint { get; }

    public static uint NumberOf(ReadOnlySpan<byte> wrapped) => BinaryPrimitives.ReadUInt32LittleEndian(wrapped);

    /// <param name="secret"><see cref="SubjectSecret.Bytes"/> bytes.</param>
    /// <param name="wrapped">Takes <see cref="WrappedBytes"/> bytes.</param>
    public void Wrap(ReadOnlySpan<byte> secret, SubjectKey subject, Span<byte> wrapped)
    {
        Span<byte> associated = stackalloc byte[HeadBytes + SubjectKey.Size];
        Associate(subject, associated);
        associated[..HeadBytes].CopyTo(wrapped);
        var nonce = wrapped.Slice(HeadBytes, SyntheticNonce.Bytes);
        SyntheticNonce.Make(_nonceKey, associated, secret, nonce);
        _aes.Value!.Encrypt(nonce, secret, Cipher(wrapped), wrapped[^TagBytes..], associated);
    }

    /// <returns>False for anything but what this key has wrapped for this subject.</returns>
    public bool TryUnwrap(ReadOnlySpan<byte> wrapped, SubjectKey subject, Span<byte> secret)
    {
        Span<byte> associated = stackalloc byte[HeadBytes + SubjectKey.Size];
        Associate(subject, associated);
        try
        {
            _aes.Value!.Decrypt(wrapped.Slice(HeadBytes, SyntheticNonce.Bytes), wrapped[(HeadBytes + SyntheticNonce.Bytes)..^TagBytes], wrapped[^TagBytes..], secret, associated);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        foreach (var aes in _aes.Values)
            aes.Dispose();
        _aes.Dispose();
    }

    private void Associate(SubjectKey subject, Span<byte> associated)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(associated, Number);
        subject.Write(associated[HeadBytes..]);
    }

    private static Span<byte> Cipher(Span<byte> wrapped) => wrapped[(HeadBytes + SyntheticNonce.Bytes)..^TagBytes];

    private static byte[] Derive(ReadOnlySpan<byte> key, string use)
    {
        var derived = new byte[KeyBytes];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, key, derived, salt: default, Encoding.ASCII.GetBytes(use));
        return derived;
    }
}
