using System.Buffers.Binary;
using System.Text;
using NSec.Cryptography;

namespace DataExchange.Transparency.Notes;

/// <summary>A private key that signs notes under a name. Thread safe.</summary>
public sealed class NoteSigner : IDisposable
{
    public const int SeedBytes = 32;

    private readonly Key _private;

    /// <param name="name">See <see cref="NoteKey"/>; a log's is its origin.</param>
    /// <param name="seed">32 random bytes, the private key of RFC 8032.</param>
    public NoteSigner(string name, NoteKeyType type, ReadOnlySpan<byte> seed)
    {
        _private = NSec.Cryptography.Key.Import(SignatureAlgorithm.Ed25519, seed, KeyBlobFormat.RawPrivateKey);
        Key = NoteKey.Of(name, type, _private.PublicKey);
    }

    /// <summary>What verifies it.</summary>
    public NoteKey Key { get; }

    /// <param name="text">Ends in a newline.</param>
    /// <param name="moment">Said by a cosignature; else unused.</param>
    public NoteSignature Sign(string text, DateTimeOffset moment)
    {
        if (Key.Type == NoteKeyType.Ed25519)
            return new NoteSignature(Key.Name, Key.Id, SignatureAlgorithm.Ed25519.Sign(_private, Encoding.UTF8.GetBytes(text)));
        var seconds = checked((ulong)moment.ToUnixTimeSeconds());
        var signature = new byte[sizeof(ulong) + 64];
        BinaryPrimitives.WriteUInt64BigEndian(signature, seconds);
        SignatureAlgorithm.Ed25519.Sign(_private, NoteKey.Cosigned(text, seconds), signature.AsSpan(sizeof(ulong)));
        return new NoteSignature(Key.Name, Key.Id, signature);
    }

    public void Dispose() => _private.Dispose();
}
