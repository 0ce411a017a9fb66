using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Tiles;

namespace DataExchange.UnitTests.Transparency;

/// <summary>A log's static files in memory, signed and cosigned, for whoever wants to spoil them.</summary>
internal sealed class SampleLog : IDisposable
{
    public const string Origin = "log.example/1";

    private readonly List<byte[]> _entries;

    public SampleLog(int entries, string flavour = "")
        : this([.. Enumerable.Range(0, entries).Select(at => System.Text.Encoding.UTF8.GetBytes($"entry {flavour}{at}"))])
    {
    }

    public SampleLog(List<byte[]> entries, string origin = Origin)
    {
        _entries = entries;
        Signer = new NoteSigner(origin, NoteKeyType.Ed25519, new byte[32]);
        Write();
    }

    public NoteSigner Signer { get; }

    public NoteSigner Witness { get; } = new("witness.example/w1", NoteKeyType.Cosignature, [.. Enumerable.Repeat((byte)1, 32)]);

    public Dictionary<string, byte[]> Files { get; } = [];

    public IReadOnlyList<byte[]> Entries => _entries;

    public byte[] Note => Files[LogVerification.CheckpointFile];

    public LogVerification Verification(Func<ulong, ReadOnlyMemory<byte>, string?>? inspect = null) =>
        new(Signer.Key, [Witness.Key], Files.GetValueOrDefault) { Inspect = inspect ?? ((_, _) => null) };

    public TileTree Tree(int size) => new((ulong)size, tile => Files.TryGetValue(tile.Path, out var bytes)
        ? bytes
        : Files.First(file => file.Key == new Tile(tile.Level, tile.Index, Tile.FullWidth).Path || file.Key.StartsWith(new Tile(tile.Level, tile.Index, Tile.FullWidth).Path + ".p/", StringComparison.Ordinal))
            .Value.AsMemory(0, tile.Width * MerkleHash.Size));

    public SignedNote Sign(int size) => Sign(new Checkpoint(Origin, (ulong)size, MerkleHash.OfTree(_entries.Take(size).Select(entry => MerkleHash.OfLeaf(entry)).ToArray())));

    public SignedNote Sign(Checkpoint checkpoint) => new(checkpoint.Text, [Signer.Sign(checkpoint.Text, default)]);

    public SignedNote Cosign(SignedNote note) => note with { Signatures = [.. note.Signatures, Witness.Sign(note.Text, DateTimeOffset.UnixEpoch.AddDays(20_000))] };

    /// <summary>Writes all files anew from the entries, as someone could who has the log's key and the witness's.</summary>
    public void Write()
    {
        Files.Clear();
        var files = new TileWriter(new TileBuilder(), (tile, bytes) => Files[tile.Path] = bytes);
        foreach (var entry in _entries)
            files.Add(entry);
        files.Finish();
        Files[LogVerification.CheckpointFile] = Cosign(Sign(new Checkpoint(Signer.Key.Name, files.Size, files.Root()))).ToBytes();
    }

    public void Dispose()
    {
        Signer.Dispose();
        Witness.Dispose();
    }
}
