using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using NSec.Cryptography;

namespace DataExchange.Transparency.Notes;

/// <summary>What a signature line says: the first byte of an encoded key. Source: C2SP signed-note, signature types.</summary>
public enum NoteKeyType
{
    /// <summary>Ed25519 over the text.</summary>
    Ed25519 = 1,

    /// <summary>A witness's Ed25519 over a moment and the text. Source: C2SP tlog-cosignature.</summary>
    Cosignature = 4,
}

/// <summary>A public key that signs notes, by name: <c>name+hex key id+base64(type || key)</c>, which others call a vkey. Thread safe.</summary>
public sealed class NoteKey
{
    private readonly PublicKey _key;

    private NoteKey(string name, NoteKeyType type, PublicKey key)
    {
        (Name, Type, _key) = (name, type, key);
        Id = IdOf(name, Encoded());
    }

    public string Name { get; }

    public NoteKeyType Type { get; }

    /// <summary>First four bytes of SHA-256(name || newline || type || key).</summary>
    public uint Id { get; }

    /// <summary>Null unless it is a key of a known type whose id fits.</summary>
    public static NoteKey? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        // Base64 has plus signs of its own.
        if (text.Split('+', 3) is not [var name, { Length: 8 } hex, var base64] || !IsName(name))
            return null;
        var encoded = new byte[1 + Ed25519Bytes];
        if (!Convert.TryFromBase64String(base64, encoded, out var written) || written != encoded.Length || Convert.ToBase64String(encoded) != base64)
            return null;
        if (!uint.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) || hex != Hex(id) || id != IdOf(name, encoded))
            return null;
        return Enum.IsDefined((NoteKeyType)encoded[0]) && PublicKey.TryImport(SignatureAlgorithm.Ed25519, encoded.AsSpan(1), KeyBlobFormat.RawPublicKey, out var key) && key is not null
            ? new NoteKey(name, (NoteKeyType)encoded[0], key)
            : null;
    }

    /// <summary>The key as the one of another log of the same hub (<see cref="LogOrigin"/>), or of the same log; null for a log of anybody else.</summary>
    public NoteKey? ForLog(string origin) =>
        origin == Name ? this : Type == NoteKeyType.Ed25519 && LogOrigin.AreOfOneHub(Name, origin) ? new NoteKey(origin, Type, _key) : null;

    public override string ToString() => $"{Name}+{Hex(Id)}+{Convert.ToBase64String(Encoded())}";

    internal const int Ed25519Bytes = 32;

    internal static NoteKey Of(string name, NoteKeyType type, PublicKey key) =>
        IsName(name) ? new NoteKey(name, type, key) : throw new ArgumentException("A key's name has no spaces, no plus sign and at least one character.", nameof(name));

    internal static bool IsName(string name) => name.Length > 0 && !name.Any(c => c == '+' || char.IsWhiteSpace(c) || char.IsControl(c));

    /// <param name="signature">Without the key id.</param>
    internal bool Verifies(string text, ReadOnlySpan<byte> signature) => Type switch
    {
        NoteKeyType.Ed25519 => SignatureAlgorithm.Ed25519.Verify(_key, Encoding.UTF8.GetBytes(text), signature),
        _ => MomentOf(signature) is { } moment && SignatureAlgorithm.Ed25519.Verify(_key, Cosigned(text, moment), signature[sizeof(ulong)..]),
    };

    /// <summary>When a cosignature was made; null where it is none.</summary>
    internal ulong? MomentOf(ReadOnlySpan<byte> signature) =>
        Type == NoteKeyType.Cosignature && signature.Length == sizeof(ulong) + 64 ? BinaryPrimitives.ReadUInt64BigEndian(signature) : null;

    internal static byte[] Cosigned(string text, ulong moment) =>
        Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"cosignature/v1\ntime {moment}\n{text}"));

    private static string Hex(uint id) => id.ToString("x8", CultureInfo.InvariantCulture);

    private static uint IdOf(string name, ReadOnlySpan<byte> encoded)
    {
        Span<byte> hash = stackalloc byte[Sha256.Bytes];
        Sha256.Hash(Encoding.UTF8.GetBytes(name + "\n"), encoded, hash);
        return BinaryPrimitives.ReadUInt32BigEndian(hash);
    }

    private byte[] Encoded() => [(byte)Type, .. _key.Export(KeyBlobFormat.RawPublicKey)];
}
