using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Tiles;

namespace DataExchange.Transparency;

/// <summary>
/// Verifies a log from its static files and public keys alone, entry by entry, in memory that does not grow with the log. Nothing is
/// believed but the keys: every byte of every file that the checkpoint speaks of counts.
/// </summary>
/// <param name="key">The log's; its name is the origin that is expected.</param>
/// <param name="witnesses">Keys of type <see cref="NoteKeyType.Cosignature"/>; each of them MUST have cosigned.</param>
/// <param name="read">The bytes of a file by its path relative to the log's prefix, or null if there is none.</param>
public sealed class LogVerification(NoteKey key, IReadOnlyList<NoteKey> witnesses, Func<string, byte[]?> read)
{
    public const string CheckpointFile = "checkpoint";

    private readonly SortedDictionary<ulong, (MerkleHash Root, string From)> _seen = [];
    private LogFinding? _finding;

    /// <summary>What the log vouches for, once <see cref="Run"/> has believed it.</summary>
    public Checkpoint? Checkpoint { get; private set; }

    /// <summary>When each witness cosigned it.</summary>
    public IReadOnlyDictionary<NoteKey, DateTimeOffset> CosignedAt { get; private set; } = new Dictionary<NoteKey, DateTimeOffset>();

    /// <summary>Looks at one entry's content; says what is wrong with it, or null.</summary>
    public Func<ulong, ReadOnlyMemory<byte>, string?> Inspect { get; init; } = (_, _) => null;

    /// <summary>Is told how many entries have been verified, after each bundle.</summary>
    public Action<ulong> Progress { get; init; } = _ => { };

    /// <summary>Holds the log to a checkpoint of it that somebody has kept: a witness, an auditor, a caller.</summary>
    /// <returns>What is wrong with the checkpoint by itself.</returns>
    public LogFinding? Hold(ReadOnlySpan<byte> note, string from)
    {
        if (Believe(note, from, []) is not { } checkpoint)
            return _finding;
        if (_seen.TryGetValue(checkpoint.Size, out var other) && other.Root != checkpoint.Root)
            return new LogFinding(from, null, $"fork: the log's key has signed another root for {checkpoint.Size} entries, in {other.From}");
        _seen[checkpoint.Size] = (checkpoint.Root, from);
        return null;
    }

    /// <returns>The first finding, or null if the log is whole.</returns>
    public LogFinding? Run()
    {
        if (read(CheckpointFile) is not { } note)
            return new LogFinding(CheckpointFile, null, "the file is missing");
        if (Believe(note, CheckpointFile, witnesses) is not { } checkpoint)
            return _finding;
        if (_seen.Count > 0 && _seen.Last() is var (size, (_, from)) && size > checkpoint.Size)
            return new LogFinding(CheckpointFile, checkpoint.Size, $"truncated: {from} vouches for {size} entries, this one for {checkpoint.Size}");
        Checkpoint = checkpoint;
        return Walk(checkpoint);
    }

    private Checkpoint? Believe(ReadOnlySpan<byte> bytes, string from, IReadOnlyList<NoteKey> cosigners)
    {
        _finding = null;
        if (SignedNote.Parse(bytes) is not { } note || Checkpoint.Parse(note.Text) is not { } checkpoint)
            return Fault(from, "it is no signed checkpoint");
        if (checkpoint.Text != note.Text)
            return Fault(from, "it says more than a checkpoint of this log does");
        if (checkpoint.Origin != key.Name)
            return Fault(from, $"it is of another log: {checkpoint.Origin}");
        if (note.SignatureOf(key) is null)
            return Fault(from, "the log's key has not signed it");
        if (cosigners.FirstOrDefault(witness => note.CosignedAt(witness) is null) is { } missing)
            return Fault(from, $"{missing.Name} has not cosigned it");
        if (cosigners.Count > 0)
            CosignedAt = cosigners.ToDictionary(witness => witness, witness => note.CosignedAt(witness)!.Value);
        // Every line is read: one that nobody answers for could say anything.
        if (note.ToBytes().AsSpan().SequenceEqual(bytes) is false)
            return Fault(from, "it is not spelled as a note is");
        return checkpoint;
    }

    private Checkpoint? Fault(string from, string what)
    {
        _finding = new LogFinding(from, null, what);
        return null;
    }

    private LogFinding? Walk(Checkpoint checkpoint)
    {
        var tree = new TileBuilder();
        CheckSeen(tree);
        for (ulong first = 0; first < checkpoint.Size && _finding is null; first += Tile.FullWidth)
        {
            var bundle = Tile.At(null, first / Tile.FullWidth, checkpoint.Size);
            Add(tree, bundle, Tile.At(0, bundle.Index, checkpoint.Size));
            Progress(tree.Size);
        }

        if (_finding is not null)
            return _finding;
        // Above level 0 nothing is left but what the entries make it.
        foreach (var (tile, hashes) in tree.Unfinished().Where(edge => edge.Tile.Level > 0))
            Compare(tile, hashes);
        if (_finding is null && tree.Root() != checkpoint.Root)
            _finding = new LogFinding(CheckpointFile, null, $"its root is not that of the {checkpoint.Size} entries: entries and tiles have been written anew");
        return _finding;
    }

    private void Add(TileBuilder tree, Tile bundle, Tile hashes)
    {
        var first = bundle.Index * Tile.FullWidth;
        if (Read(bundle, first, out var bundleGrew) is not { } bytes || Read(hashes, first, out var hashesGrew) is not { } expected)
            return;
        ReadOnlyMemory<byte> entries = bytes;
        for (var at = 0; at < bundle.Width && _finding is null; at++)
        {
            var index = first + (ulong)at;
            if (!EntryBundle.TryRead(ref entries, out var entry))
                _finding = new LogFinding(bundle.Path, index, "the entry is missing or cut off");
            else if (expected.Length < (at + 1) * MerkleHash.Size)
                _finding = new LogFinding(hashes.Path, index, "the entry's hash is missing or cut off");
            else if (MerkleHash.OfLeaf(entry.Span) is var leaf && leaf != new MerkleHash(expected.AsSpan(at * MerkleHash.Size, MerkleHash.Size)))
                _finding = new LogFinding(bundle.Path, index, $"the entry is not what {hashes.Path} has the hash of");
            else if (Inspect(index, entry) is { } fault)
                _finding = new LogFinding(bundle.Path, index, fault);
            else
                tree.Add(leaf, Compare);
            CheckSeen(tree);
        }

        // What stands behind in a tile that has grown since is not what this checkpoint speaks of.
        if (_finding is null && ((entries.Length > 0 && !bundleGrew) || (expected.Length != hashes.Width * MerkleHash.Size && !hashesGrew)))
            _finding = new LogFinding(entries.Length > 0 ? bundle.Path : hashes.Path, first + (ulong)bundle.Width, "there are bytes behind the last entry");
    }

    private void CheckSeen(TileBuilder tree)
    {
        if (_finding is null && _seen.TryGetValue(tree.Size, out var seen) && tree.Root() != seen.Root)
            _finding = new LogFinding(CheckpointFile, null, $"fork: the first {tree.Size} entries are not those that {seen.From} vouches for");
    }

    private void Compare(Tile tile, byte[] expected)
    {
        var entriesEach = 1UL << (Tile.Height * tile.Level!.Value);
        if (_finding is not null || tile.Level == 0 || Read(tile, tile.Index * Tile.FullWidth * entriesEach, out var grew) is not { } found)
            return;
        if (grew ? found.AsSpan().StartsWith(expected) : found.AsSpan().SequenceEqual(expected))
            return;
        var hash = found.AsSpan().CommonPrefixLength(expected) / MerkleHash.Size;
        _finding = new LogFinding(tile.Path, ((tile.Index * Tile.FullWidth) + (ulong)hash) * entriesEach, $"hash {hash} is not that of the {entriesEach} entries from there");
    }

    /// <param name="grew">The tile was partial and is gone since the full one is there, of which it is the beginning.</param>
    private byte[]? Read(Tile tile, ulong entry, out bool grew)
    {
        grew = false;
        if (read(tile.Path) is { } bytes)
            return bytes;
        var full = tile.IsFull ? null : read((tile with { Width = Tile.FullWidth }).Path);
        if (full is null)
            _finding = new LogFinding(tile.Path, entry, "the file is missing");
        grew = full is not null;
        return full;
    }
}
