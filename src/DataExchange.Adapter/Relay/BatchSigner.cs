using System.Security.Cryptography;
using DataExchange.Contracts;
using Google.Protobuf;

namespace DataExchange.Adapter;

/// <summary>
/// Signs payloads as they leave. Signatures are not stored: ECDSA is randomised, what counts is that the payload is the same, and a
/// batch that is sent again after the department changed its key is signed with the new one. Thread safe.
/// </summary>
internal sealed class BatchSigner : IDisposable
{
    private readonly Lock _lock = new();
    private readonly ECDsa _key;

    /// <param name="key">P-256 with its private part; owned by the signer from here on.</param>
    public BatchSigner(ECDsa key)
    {
        if (key.ExportParameters(includePrivateParameters: false).Curve.Oid.Value != ECCurve.NamedCurves.nistP256.Oid.Value)
            throw new ArgumentException("Batches are signed with a P-256 key.", nameof(key));
        _key = key;
        KeyId = Contracts.KeyId.Of(key.ExportSubjectPublicKeyInfo());
    }

    public string KeyId { get; }

    public Wire.SignedChangeBatch Sign(byte[] payload)
    {
        byte[] signature;
        lock (_lock)
            signature = BatchSignature.Sign(_key, payload);
        return new Wire.SignedChangeBatch
        {
            Payload = UnsafeByteOperations.UnsafeWrap(payload),
            KeyId = KeyId,
            Signature = UnsafeByteOperations.UnsafeWrap(signature),
        };
    }

    public void Dispose() => _key.Dispose();
}
