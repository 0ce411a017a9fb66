using System.Globalization;
using System.Text;
using DataExchange.Transparency.Notes;

namespace DataExchange.Transparency.Witnesses;

/// <summary>What a log sends a witness. Source: C2SP tlog-witness, add-checkpoint.</summary>
/// <param name="OldSize">Of the checkpoint that the witness has cosigned last.</param>
/// <param name="Proof">That the new tree begins with the old one.</param>
/// <param name="Note">The new checkpoint, signed by the log.</param>
public sealed record CosignRequest(ulong OldSize, IReadOnlyList<MerkleHash> Proof, SignedNote Note)
{
    /// <summary>A longer body is no request.</summary>
    public const int BytesMax = SignedNote.BytesMax + 4_096;

    /// <summary>Null if it is none.</summary>
    public static CosignRequest? Parse(ReadOnlySpan<byte> body)
    {
        var blank = body.IndexOf("\n\n"u8);
        if (body.Length > BytesMax || blank < 0)
            return null;
        var lines = Encoding.UTF8.GetString(body[..blank]).Split('\n');
        if (!lines[0].StartsWith("old ", StringComparison.Ordinal) || Checkpoint.Number(lines[0][4..]) is not { } oldSize || lines.Length - 1 > MerkleProof.HashesMax)
            return null;
        var proof = lines[1..].Select(MerkleHash.FromBase64).ToArray();
        return proof.All(hash => hash is not null) && SignedNote.Parse(body[(blank + 2)..]) is { } note
            ? new CosignRequest(oldSize, [.. proof.Select(hash => hash!.Value)], note)
            : null;
    }

    public byte[] ToBytes()
    {
        var head = new StringBuilder().Append(CultureInfo.InvariantCulture, $"old {OldSize}\n");
        foreach (var hash in Proof)
            head.Append(hash.ToBase64()).Append('\n');
        return [.. Encoding.UTF8.GetBytes(head.Append('\n').ToString()), .. Note.ToBytes()];
    }
}
