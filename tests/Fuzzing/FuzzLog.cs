using System.Text;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Tiles;

namespace DataExchange.Fuzzing;

/// <summary>A small published log, signed and cosigned with keys that are nobody's.</summary>
internal static class FuzzLog
{
    public const int Entries = 300;

    public static readonly NoteSigner Signer = new("log.example/1", NoteKeyType.Ed25519, FuzzExchange.Counted(NoteSigner.SeedBytes));

    public static readonly NoteSigner Witness = new("witness.example/w1", NoteKeyType.Cosignature, new byte[NoteSigner.SeedBytes]);

    private static readonly MerkleHash[] Leaves = [.. Enumerable.Range(0, Entries).Select(at => MerkleHash.OfLeaf(Entry(at)))];

    /// <summary>By path.</summary>
    public static readonly SortedDictionary<string, byte[]> Files = Make();

    /// <summary>What the log is at this size; null where it is smaller.</summary>
    public static Checkpoint? At(ulong size) =>
        size <= Entries ? new Checkpoint(Signer.Key.Name, size, MerkleHash.OfTree(Leaves.AsSpan(0, (int)size))) : null;

    public static SignedNote Sign(int size) => Sign(At((ulong)size)!.Text);

    public static SignedNote Sign(string text) => new(text, [Signer.Sign(text, default)]);

    public static SignedNote Cosign(SignedNote note) => note with { Signatures = [.. note.Signatures, Witness.Sign(note.Text, FuzzExchange.Noon)] };

    public static IReadOnlyList<MerkleHash> ConsistencyProof(int oldSize) => new TileTree(Entries, tile => Files[tile.Path]).ConsistencyProof((ulong)oldSize);

    public static byte[] Entry(int at) => Encoding.UTF8.GetBytes($"entry {at}");

    private static SortedDictionary<string, byte[]> Make()
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        var writer = new TileWriter(new TileBuilder(), (tile, bytes) => files[tile.Path] = bytes);
        for (var at = 0; at < Entries; at++)
            writer.Add(Entry(at));
        writer.Finish();
        files[LogVerification.CheckpointFile] = Cosign(Sign(Entries)).ToBytes();
        return files;
    }
}
