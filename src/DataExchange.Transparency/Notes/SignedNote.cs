using System.Text;

namespace DataExchange.Transparency.Notes;

/// <summary>A text and who signed it. Source: C2SP signed-note.</summary>
/// <param name="Text">Ends in a newline.</param>
public sealed record SignedNote(string Text, IReadOnlyList<NoteSignature> Signatures)
{
    /// <summary>A longer note is none.</summary>
    public const int BytesMax = 1 << 16;

    private const int SignaturesMax = 64;
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Null if it is no note: not UTF-8, control characters, no blank line before the signatures, a signature that cannot be read.</summary>
    public static SignedNote? Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > BytesMax || Decode(bytes) is not { } note || note.Any(c => c < ' ' && c != '\n'))
            return null;
        var blank = note.LastIndexOf("\n\n", StringComparison.Ordinal);
        if (blank < 0 || !note.EndsWith('\n'))
            return null;
        var lines = note[(blank + 2)..].Split('\n');
        if (lines.Length - 1 is 0 or > SignaturesMax)
            return null;
        var signatures = lines[..^1].Select(NoteSignature.Parse).ToArray();
        return signatures.All(signature => signature is not null) ? new SignedNote(note[..(blank + 1)], signatures!) : null;
    }

    /// <summary>The note's signature under this key; null if it has none, or one that does not verify.</summary>
    public NoteSignature? SignatureOf(NoteKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        var claimed = Signatures.Where(signature => signature.KeyName == key.Name && signature.KeyId == key.Id).ToArray();
        // One that is false makes the note false, whatever stands beside it.
        return claimed.Length > 0 && claimed.All(signature => key.Verifies(Text, signature.Signature.Span)) ? claimed[0] : null;
    }

    /// <summary>When this key cosigned, or null.</summary>
    public DateTimeOffset? CosignedAt(NoteKey key) =>
        SignatureOf(key) is { } signature && key.MomentOf(signature.Signature.Span) is { } moment and <= long.MaxValue / 10_000_000
            ? DateTimeOffset.UnixEpoch.AddSeconds(moment)
            : null;

    public byte[] ToBytes()
    {
        var note = new StringBuilder(Text).Append('\n');
        foreach (var signature in Signatures)
            note.Append(signature.Line).Append('\n');
        return Encoding.UTF8.GetBytes(note.ToString());
    }

    private static string? Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
