using DataExchange.Hosting;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Tiles;

namespace DataExchange.Broker.Publication;

/// <summary>A checkpoint and the proofs from it.</summary>
/// <param name="Note">As it was published.</param>
/// <param name="Tree">Reads the tiles from their files.</param>
internal sealed record PublishedTree(Checkpoint Checkpoint, SignedNote Note, TileTree Tree);

/// <summary>The log as others see it: its key, its files, the newest checkpoint. Thread safe.</summary>
internal sealed class PublishedLog : IDisposable
{
    private volatile PublishedTree? _current;

    /// <param name="options">Where.</param>
    /// <param name="logId">32 hexadecimal digits.</param>
    /// <param name="isFirst">Of the hub's logs: a key is made for it. Those that follow are signed with the same one.</param>
    /// <exception cref="InvalidOperationException">The signing key is missing though a checkpoint has been signed, or others can read it.</exception>
    /// <exception cref="InvalidDataException">The checkpoint's file is no checkpoint of this log under this key.</exception>
    public PublishedLog(PublicationOptions options, string logId, bool isFirst)
    {
        LogId = logId;
        Folder = Path.Combine(options.Folder, logId);
        var checkpoint = Path.Combine(Folder, LogVerification.CheckpointFile);
        var begun = File.Exists(checkpoint);
        if (isFirst && !begun && !File.Exists(options.SigningKeyPath))
            KeyFile.Create(options.SigningKeyPath, NoteSigner.SeedBytes);
        if (!File.Exists(options.SigningKeyPath))
            throw new InvalidOperationException("The file of Publication:SigningKeyPath is missing, but checkpoints have been signed with it. Restore it; a log cannot change its key.");
        Signer = new NoteSigner($"{options.OriginPrefix}/{logId}", NoteKeyType.Ed25519, KeyFile.Read(options.SigningKeyPath, "audit signing key", NoteSigner.SeedBytes));
        if (begun)
            Show(Believe(File.ReadAllBytes(checkpoint)));
    }

    public string LogId { get; }

    public string Folder { get; }

    /// <summary>Its name is the log's origin.</summary>
    public NoteSigner Signer { get; }

    /// <summary>Null until the first checkpoint is published.</summary>
    public PublishedTree? Current => _current;

    /// <summary>Makes the note the one that proofs are given from. Its tiles MUST have been written.</summary>
    public void Show(SignedNote note)
    {
        var checkpoint = Checkpoint.Parse(note.Text)!;
        _current = new PublishedTree(checkpoint, note, TreeOf(checkpoint.Size));
    }

    /// <summary>The tree at a size whose tiles have been written.</summary>
    public TileTree TreeOf(ulong size) => new(size, ReadHashes);

    /// <summary>Hashes of a tile. A partial one goes once the full one is there, and is the beginning of it.</summary>
    private ReadOnlyMemory<byte> ReadHashes(Tile tile) => Read(tile).AsMemory(0, tile.Width * MerkleHash.Size);

    /// <summary>One entry, from its bundle.</summary>
    /// <param name="size">Of a checkpoint that has been published, and covers it.</param>
    /// <param name="read">Gives a bundle; by default from its file.</param>
    public ReadOnlyMemory<byte> ReadEntry(ulong index, ulong size, Func<Tile, byte[]>? read = null)
    {
        var tile = Tile.At(null, index / Tile.FullWidth, size);
        ReadOnlyMemory<byte> bundle = (read ?? Read)(tile);
        ReadOnlyMemory<byte> entry = default;
        for (var at = 0UL; at <= index % Tile.FullWidth; at++)
        {
            if (!EntryBundle.TryRead(ref bundle, out entry))
                throw new InvalidDataException($"{tile.Path} is cut off");
        }

        return entry;
    }

    public void Dispose() => Signer.Dispose();

    private SignedNote Believe(byte[] bytes) =>
        SignedNote.Parse(bytes) is { } note && note.SignatureOf(Signer.Key) is not null && Checkpoint.Parse(note.Text)?.Origin == Signer.Key.Name
            ? note
            : throw new InvalidDataException(
                $"The published checkpoint is not one of {Signer.Key.Name} under the key of Publication:SigningKeyPath. Restore the key, or the file from a copy.");

    /// <summary>A file of the log, at least as wide as asked.</summary>
    /// <exception cref="InvalidDataException">It is missing.</exception>
    public byte[] Read(Tile tile) =>
        ReadOrNull(tile) ?? ReadOrNull(tile with { Width = Tile.FullWidth }) ?? throw new InvalidDataException($"{tile.Path} is missing");

    private byte[]? ReadOrNull(Tile tile)
    {
        try
        {
            return File.ReadAllBytes(Path.Combine(Folder, tile.Path));
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
