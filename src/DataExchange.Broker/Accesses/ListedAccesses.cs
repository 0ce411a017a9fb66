using DataExchange.Broker.Index.Sealing;
using DataExchange.Broker.Publication;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Tiles;
using Google.Protobuf;

namespace DataExchange.Broker.Accesses;

/// <summary>One listing on its way: its entries and what the log vouches for at its end. Each tile is read once.</summary>
internal sealed class ListedAccesses
{
    private readonly PublishedLog _published;
    private readonly PublishedTree _tree;
    private readonly DateTimeOffset _now;
    private readonly byte[][] _pseudonyms;
    private readonly TileTree _proofs;
    private readonly Dictionary<Tile, byte[]> _tiles = [];
    private readonly List<MerkleHash> _leaves = [];

    public ListedAccesses(PublishedLog published, PublishedTree tree, Pseudonym[] pseudonyms, DateTimeOffset now)
    {
        (_published, _tree, _now) = (published, tree, now);
        _pseudonyms = [.. pseudonyms.Select(pseudonym => pseudonym.ToArray())];
        _proofs = new TileTree(tree.Checkpoint.Size, tile => Read(tile).AsMemory(0, tile.Width * MerkleHash.Size));
    }

    /// <summary>The entry with its proof of inclusion; null if its disclosure is deferred.</summary>
    public Wire.ListAccessesResponse? Add(ulong place)
    {
        var entry = _published.ReadEntry(place, _tree.Checkpoint.Size, Read);
        if (Wire.AuditEntry.Parser.ParseFrom(entry.Span).DiscloseAfter is { } hidden && hidden.ToDateTimeOffset() > _now)
            return null;
        _leaves.Add(MerkleHash.OfLeaf(entry.Span));
        return new Wire.ListAccessesResponse
        {
            Access = new Wire.Access
            {
                EntryIndex = place,
                Entry = ByteString.CopyFrom(entry.Span),
                Hashes = { _proofs.InclusionProof(place).Select(hash => UnsafeByteOperations.UnsafeWrap(hash.ToArray())) },
            },
        };
    }

    public Wire.ListAccessesResponse Proof()
    {
        var text = AccessStatement.Of(_tree.Checkpoint, _leaves.ToArray(), _pseudonyms, _now).Text;
        return new Wire.ListAccessesResponse
        {
            Proof = new Wire.AccessProof
            {
                Checkpoint = UnsafeByteOperations.UnsafeWrap(_tree.Note.ToBytes()),
                Statement = UnsafeByteOperations.UnsafeWrap(new SignedNote(text, [_published.Signer.Sign(text, _now)]).ToBytes()),
                Pseudonyms = { _pseudonyms.Select(pseudonym => UnsafeByteOperations.UnsafeWrap(pseudonym)) },
            },
        };
    }

    private byte[] Read(Tile tile) => _tiles.TryGetValue(tile, out var bytes) ? bytes : _tiles[tile] = _published.Read(tile);
}
