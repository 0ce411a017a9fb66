using System.Security.Cryptography;
using System.Text;
using DataExchange.Contracts;

namespace DataExchange.Broker.Index;

/// <summary>
/// Makes subject keys: the first 16 bytes of HMAC-SHA-256 under the hub key over scheme, 0x00, canonical value. A scheme holds no
/// 0x00, so no two identifiers give the same message. Keyed, because the resident numbers of one area and birthday are so few that
/// an unkeyed hash of them hides nothing. Thread safe.
/// </summary>
internal sealed class SubjectKeys : IDisposable
{
    public const int HubKeyBytes = 32;

    private const int MessageBytesMax = CodeName.LengthMax + 1 + Identifier.ValueBytesMax;

    // A new HMAC for each call doubles its cost; an instance serves one thread at a time.
    private readonly ThreadLocal<IncrementalHash> _hmac;
    private bool _disposed;

    /// <param name="hubKey"><see cref="HubKeyBytes"/> bytes.</param>
    public SubjectKeys(ReadOnlySpan<byte> hubKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(hubKey.Length, HubKeyBytes);
        var key = hubKey.ToArray();
        _hmac = new(() => IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key), trackAllValues: true);
    }

    /// <param name="identifier">In canonical form: another spelling gives another key.</param>
    public SubjectKey Of(Identifier identifier)
    {
        Span<byte> message = stackalloc byte[MessageBytesMax];
        var length = Encoding.UTF8.GetBytes(identifier.Scheme, message);
        message[length++] = 0;
        length += Encoding.UTF8.GetBytes(identifier.Value, message[length..]);
        return Of(message[..length]);
    }

    /// <summary>
    /// Recognises the hub key without giving it away: stored in the index, so that an index is never opened with another hub's key,
    /// under which nobody in it could be found. Not the key of any identifier, since it has no 0x00.
    /// </summary>
    public SubjectKey Fingerprint() => Of("hub-key-fingerprint"u8);

    public void Dispose()
    {
        if (_disposed)
            return;
        _disposed = true;
        foreach (var hmac in _hmac.Values)
            hmac.Dispose();
        _hmac.Dispose();
    }

    private SubjectKey Of(ReadOnlySpan<byte> message)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        var hmac = _hmac.Value!;
        hmac.AppendData(message);
        hmac.GetHashAndReset(hash);
        return SubjectKey.Read(hash);
    }
}
