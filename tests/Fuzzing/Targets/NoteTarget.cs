using System.Text;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;

namespace DataExchange.Fuzzing.Targets;

/// <summary>
/// Signed notes, checkpoints, statements of accesses and the text form of keys. What is a note is spelled in one way; what the log's or the witness's
/// key has signed is one of the texts that they have signed; a checkpoint written and read is the same.
/// </summary>
internal static class NoteTarget
{
    private static readonly AccessStatement Statement = AccessStatement.Of([FuzzLog.At(FuzzLog.Entries)!], [MerkleHash.OfEmptyTree], [[1, 2, 3]], FuzzExchange.Noon);

    // What the seeds hold signatures of.
    private static readonly HashSet<string> Signed = [FuzzLog.At(FuzzLog.Entries)!.Text, FuzzLog.At(1)!.Text, FuzzLog.At(0)!.Text, Statement.Text];

    public static bool Accepts(byte[] input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (NoteKey.Parse(text) is { } key)
            Must.Hold(key.ToString() == text, "a key is spelled in one way");
        if (SignedNote.Parse(input) is not { } note)
            return false;

        Must.Hold(note.ToBytes().AsSpan().SequenceEqual(input), "a note is spelled in one way");
        foreach (var signer in new[] { FuzzLog.Signer.Key, FuzzLog.Witness.Key })
        {
            Must.Hold(note.SignatureOf(signer) is null || Signed.Contains(note.Text), "only what was signed has a signature");
            Must.Hold(note.CosignedAt(signer) is null || (signer.Type == NoteKeyType.Cosignature && note.SignatureOf(signer) is not null), "only who cosigned has cosigned");
        }

        if (Checkpoint.Parse(note.Text) is { } checkpoint)
        {
            Must.Hold(Checkpoint.Parse(checkpoint.Text) == checkpoint, "a checkpoint written and read is the same");
            Must.Hold(note.Text.StartsWith(checkpoint.Text, StringComparison.Ordinal), "a checkpoint is spelled in one way");
        }

        if (AccessStatement.Read(input, FuzzLog.Signer.Key) is { } statement)
            Must.Hold(statement == Statement, "only what was signed is a statement");
        return true;
    }

    public static IEnumerable<(string, byte[])> Seeds() =>
    [
        ("cosigned", FuzzLog.Cosign(FuzzLog.Sign(FuzzLog.Entries)).ToBytes()),
        ("signed", FuzzLog.Sign(1).ToBytes()),
        ("empty-log", FuzzLog.Sign(0).ToBytes()),
        ("statement", FuzzLog.Sign(Statement.Text).ToBytes()),
        ("extension", [.. "log.example/1\n5\nAAAA\nmore\n\n"u8, .. Encoding.UTF8.GetBytes(FuzzLog.Sign(1).Signatures[0].Line), (byte)'\n']),
        ("key", Encoding.UTF8.GetBytes(FuzzLog.Signer.Key.ToString())),
        ("witness-key", Encoding.UTF8.GetBytes(FuzzLog.Witness.Key.ToString())),
    ];
}
