using DataExchange.Broker.Index.Sealing;
using DataExchange.Broker.Publication;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Tiles;
using Google.Protobuf;

namespace DataExchange.Broker.Accesses;

/// <summary>One listing: what the logs that are kept say of a subject, as they are published at its beginning, and what the hub vouches for.</summary>
internal sealed class ListedAccesses
{
    private readonly IReadOnlyList<(PublishedLog Log, PublishedTree Tree)> _logs;
    private readonly IReadOnlyList<Pseudonym> _pseudonyms;
    private readonly DateTimeOffset _now;
    private readonly List<MerkleHash> _leaves = [];

    private ListedAccesses(IReadOnlyList<(PublishedLog Log, PublishedTree Tree)> logs, IReadOnlyList<Pseudonym> pseudonyms, DateTimeOffset now) =>
        (_logs, _pseudonyms, _now) = (logs, pseudonyms, now);

    /// <summary>The log that is open.</summary>
    public string LogId => _logs[^1].Log.LogId;

    /// <summary>Its entries that are looked through.</summary>
    public ulong LogSize => _logs[^1].Tree.Checkpoint.Size;

    /// <summary>Null while one of the logs is not published: the listing would not be complete.</summary>
    public static ListedAccesses? Begin(IReadOnlyList<PublishedLog> logs, IReadOnlyList<Pseudonym> pseudonyms, DateTimeOffset now)
    {
        var trees = logs.Select(log => (Log: log, Tree: log.Current)).ToList();
        return trees.TrueForAll(log => log.Tree is not null) ? new ListedAccesses([.. trees.Select(log => (log.Log, log.Tree!))], pseudonyms, now) : null;
    }

    /// <summary>The entries, each with its proof of inclusion, then the statement about all of them.</summary>
    public IEnumerable<Wire.ListAccessesResponse> Read(AccessIndex accesses)
    {
        foreach (var (log, tree) in _logs)
        {
            // Each file is read once.
            var files = new Dictionary<Tile, byte[]>();
            byte[] ReadFile(Tile tile) => files.TryGetValue(tile, out var bytes) ? bytes : files[tile] = log.Read(tile);
            var proofs = new TileTree(tree.Checkpoint.Size, tile => ReadFile(tile).AsMemory(0, tile.Width * MerkleHash.Size));
            foreach (var place in _pseudonyms.SelectMany(pseudonym => accesses.PlacesOf(log.LogId, pseudonym)).Where(place => place < tree.Checkpoint.Size).Order())
            {
                var entry = log.ReadEntry(place, tree.Checkpoint.Size, ReadFile);
                if (!IsHidden(entry))
                    yield return Access(log, place, entry, proofs);
            }
        }

        yield return Proof();
    }

    private bool IsHidden(ReadOnlyMemory<byte> entry) =>
        Wire.AuditEntry.Parser.ParseFrom(entry.Span).DiscloseAfter is { } disclosed && disclosed.ToDateTimeOffset() > _now;

    private Wire.ListAccessesResponse Access(PublishedLog log, ulong place, ReadOnlyMemory<byte> entry, TileTree proofs)
    {
        _leaves.Add(MerkleHash.OfLeaf(entry.Span));
        return new Wire.ListAccessesResponse
        {
            Access = new Wire.Access
            {
                LogId = log.LogId,
                EntryIndex = place,
                Entry = ByteString.CopyFrom(entry.Span),
                Hashes = { proofs.InclusionProof(place).Select(hash => UnsafeByteOperations.UnsafeWrap(hash.ToArray())) },
            },
        };
    }

    private Wire.ListAccessesResponse Proof()
    {
        byte[][] pseudonyms = [.. _pseudonyms.Select(pseudonym => pseudonym.ToArray())];
        var text = AccessStatement.Of([.. _logs.Select(log => log.Tree.Checkpoint)], _leaves.ToArray(), pseudonyms, _now).Text;
        var signed = new SignedNote(text, [_logs[^1].Log.Signer.Sign(text, _now)]);
        return new Wire.ListAccessesResponse
        {
            Proof = new Wire.AccessProof
            {
                Checkpoint = UnsafeByteOperations.UnsafeWrap(_logs[^1].Tree.Note.ToBytes()),
                Statement = UnsafeByteOperations.UnsafeWrap(signed.ToBytes()),
                Pseudonyms = { pseudonyms.Select(pseudonym => UnsafeByteOperations.UnsafeWrap(pseudonym)) },
                ClosedCheckpoints = { _logs.SkipLast(1).Select(log => UnsafeByteOperations.UnsafeWrap(log.Tree.Note.ToBytes())) },
            },
        };
    }
}
