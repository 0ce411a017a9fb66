using System.Buffers.Binary;

namespace DataExchange.Transparency.Notes;

/// <summary>One signature line.</summary>
/// <param name="KeyName">Of the key that is said to have signed.</param>
/// <param name="Signature">Without the key id.</param>
public sealed record NoteSignature(string KeyName, uint KeyId, ReadOnlyMemory<byte> Signature)
{
    private const string Dash = "\u2014 ";

    /// <summary>Em dash, name, base64(key id || signature), without the newline.</summary>
    public string Line
    {
        get
        {
            var bytes = new byte[sizeof(uint) + Signature.Length];
            BinaryPrimitives.WriteUInt32BigEndian(bytes, KeyId);
            Signature.Span.CopyTo(bytes.AsSpan(sizeof(uint)));
            return $"{Dash}{KeyName} {Convert.ToBase64String(bytes)}";
        }
    }

    /// <summary>Null if the line is none.</summary>
    public static NoteSignature? Parse(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (!line.StartsWith(Dash, StringComparison.Ordinal) || line[Dash.Length..].Split(' ') is not [var name, var base64] || !NoteKey.IsName(name))
            return null;
        var bytes = new byte[base64.Length];
        return Convert.TryFromBase64String(base64, bytes, out var written) && written > sizeof(uint) && Convert.ToBase64String(bytes, 0, written) == base64
            ? new NoteSignature(name, BinaryPrimitives.ReadUInt32BigEndian(bytes), bytes.AsMemory(sizeof(uint), written - sizeof(uint)))
            : null;
    }
}
