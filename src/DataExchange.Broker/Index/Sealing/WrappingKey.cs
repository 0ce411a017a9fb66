using System.Buffers.Binary;

namespace DataExchange.Broker.Index.Sealing;

/// <summary>
/// One generation of the hub's wrapping key, under which subjects' secrets lie in the index:
/// <code>
/// wrapped = number of the key (4, little endian) nonce(12) AES-256-GCM(secret)(32) tag(16)
/// </code>
/// Associated data is number and subject key, so that a secret moved to another subject is refused. Thread safe.
/// </summary>
internal sealed class WrappingKey
{
    public const int WrappedBytes = CipherStart + SubjectSecret.Bytes + Aes256Gcm.TagBytes;

    private const int HeadBytes = sizeof(uint);
    private const int CipherStart = HeadBytes + Aes256Gcm.NonceBytes;

    private readonly byte[] _sealKey;
    private readonly byte[] _nonceKey;

    /// <param name="number">From 1.</param>
    /// <param name="key"><see cref="NumberedKeyFiles.KeyBytes"/> bytes.</param>
    public WrappingKey(uint number, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfZero(number);
        Number = number;
        _sealKey = NumberedKeyFiles.Derive(key, "dataexchange.wrapping.v1 seal");
        _nonceKey = NumberedKeyFiles.Derive(key, "dataexchange.wrapping.v1 nonce");
        Fingerprint = NumberedKeyFiles.Derive(key, "dataexchange.wrapping.v1 fingerprint")[..16];
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
        SyntheticNonce.Make(_nonceKey, associated, secret, wrapped[HeadBytes..CipherStart]);
        Aes256Gcm.Seal(_sealKey, wrapped[HeadBytes..CipherStart], associated, secret, wrapped[CipherStart..]);
    }

    /// <returns>False for anything but what this key has wrapped for this subject.</returns>
    public bool TryUnwrap(ReadOnlySpan<byte> wrapped, SubjectKey subject, Span<byte> secret)
    {
        Span<byte> associated = stackalloc byte[HeadBytes + SubjectKey.Size];
        Associate(subject, associated);
        return Aes256Gcm.TryOpen(_sealKey, wrapped[HeadBytes..CipherStart], associated, wrapped[CipherStart..], secret);
    }

    private void Associate(SubjectKey subject, Span<byte> associated)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(associated, Number);
        subject.Write(associated[HeadBytes..]);
    }
}
