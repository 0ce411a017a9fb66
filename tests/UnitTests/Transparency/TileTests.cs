using CsCheck;
using DataExchange.Transparency;
using DataExchange.Transparency.Tiles;
using NUnit.Framework;

namespace DataExchange.UnitTests.Transparency;

public sealed class TileTests
{
    [TestCase("tile/0/000", 0, 0UL, 256)]
    [TestCase("tile/4/001.p/5", 4, 1UL, 5)]
    [TestCase("tile/63/x123/x456/078", 63, 123_456_078UL, 256)]
    [TestCase("tile/5/x123/x456/078.p/2", 5, 123_456_078UL, 2)]
    [TestCase("tile/entries/x001/x234/067", null, 1_234_067UL, 256)]
    [TestCase("tile/entries/000.p/255", null, 0UL, 255)]
    public void Path_AsTheSpecificationSpellsIt_IsReadAndWritten(string path, int? level, ulong index, int width)
    {
        Assert.That(Tile.Parse(path), Is.EqualTo(new Tile(level, index, width)));
        Assert.That(new Tile(level, index, width).Path, Is.EqualTo(path));
    }

    [TestCase("")]
    [TestCase("checkpoint")]
    [TestCase("tile/0")]
    [TestCase("tile/64/000")]
    [TestCase("tile/-1/000")]
    [TestCase("tile/00/000")]
    [TestCase("tile/data/000")]
    [TestCase("tile/0/0")]
    [TestCase("tile/0/1000")]
    [TestCase("tile/0/123/456")]
    [TestCase("tile/0/x123/x456")]
    [TestCase("tile/0/x000/001")]
    [TestCase("tile/0/xx23/456")]
    [TestCase("tile/0/x+12/456")]
    [TestCase("tile/0/001.p/0")]
    [TestCase("tile/0/001.p/256")]
    [TestCase("tile/0/001.p/05")]
    [TestCase("tile/0/001.p")]
    [TestCase("tile/0/001.p/5/6")]
    [TestCase("tile/0/../000")]
    [TestCase("tile/0/x001/../067")]
    [TestCase("tile//000")]
    [TestCase("/tile/0/000")]
    [TestCase("tile/0/000/")]
    [TestCase("tile/0/x999/x999/x999/x999/x999/x999/x999/x999/x999/999")]
    public void Parse_AnythingElse_IsNoTile(string path) => Assert.That(Tile.Parse(path), Is.Null);

    [Test]
    public void Parse_RandomText_IsNullOrTheOneSpelling() =>
        Gen.String[Gen.Char["tile/0123x.pentrsa"], 0, 40].Sample(path => Tile.Parse(path) is not { } tile || tile.Path == path);

    // The example of C2SP tlog-tiles, partial tiles.
    [Test]
    public void Builder_LogOfSeventyThousand_HasTheTilesOfTheSpecification()
    {
        var full = new Dictionary<int, int>();
        var tree = new TileBuilder();
        for (var at = 0; at < 70_000; at++)
            tree.Add(Leaf(at), (tile, _) => full[tile.Level!.Value] = full.GetValueOrDefault(tile.Level!.Value) + 1);

        Assert.That(full, Is.EqualTo(new Dictionary<int, int> { [0] = 273, [1] = 1 }));
        Assert.That(tree.Unfinished().Select(edge => edge.Tile), Is.EqualTo(new[] { new Tile(0, 273, 112), new Tile(1, 1, 17), new Tile(2, 0, 1) }));
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(255)]
    [TestCase(256)]
    [TestCase(257)]
    [TestCase(1_000)]
    [TestCase(65_536)]
    [TestCase(66_049)]
    public void Root_AnySize_IsThatOfTheTreeOverTheLeaves(int size)
    {
        var log = new MemoryTiles(size);
        var leaves = Enumerable.Range(0, size).Select(Leaf).ToArray();

        Assert.That(log.Tree.Root(), Is.EqualTo(MerkleHash.OfTree(leaves)));
        Assert.That(log.Read((ulong)size).Root(), Is.EqualTo(MerkleHash.OfTree(leaves)));
    }

    [Test]
    public void Proofs_AnyEntryAndSize_Verify()
    {
        var log = new MemoryTiles(2_000);
        var leaves = Enumerable.Range(0, 2_000).Select(Leaf).ToArray();
        Gen.Int[1, 2_000].SelectMany(size => Gen.Select(Gen.Const(size), Gen.Int[0, size - 1], Gen.Int[0, size])).Sample((size, index, oldSize) =>
        {
            var tree = log.Read((ulong)size);
            var root = MerkleHash.OfTree(leaves.AsSpan(0, size));
            Assert.That(tree.Root(), Is.EqualTo(root));
            Assert.That(MerkleProof.VerifyInclusion((ulong)index, (ulong)size, leaves[index], root, tree.InclusionProof((ulong)index)), Is.True);
            var oldRoot = MerkleHash.OfTree(leaves.AsSpan(0, oldSize));
            Assert.That(MerkleProof.VerifyConsistency((ulong)oldSize, (ulong)size, oldRoot, root, tree.ConsistencyProof((ulong)oldSize)), Is.True);
        }, iter: 2_000);
    }

    [Test]
    public void Resume_AtAnyFullTile_GoesOnAsIfNeverStopped()
    {
        var log = new MemoryTiles(66_000);
        foreach (var size in new[] { 0, 256, 512, 65_280, 65_536, 65_792 })
        {
            var resumed = TileBuilder.Resume((ulong)size, log.Bytes);
            for (var at = size; at < 66_000; at++)
                resumed.Add(Leaf(at), (tile, bytes) => Assert.That(bytes, Is.EqualTo(log.Bytes(tile).ToArray())));
            Assert.That(resumed.Root(), Is.EqualTo(log.Tree.Root()), $"{size}");
        }
    }

    internal static MerkleHash Leaf(int at) => MerkleHash.OfLeaf(BitConverter.GetBytes(at));

    /// <summary>A log's tiles; a partial one is the beginning of the fullest that there is.</summary>
    private sealed class MemoryTiles
    {
        private readonly Dictionary<(int Level, ulong Index), byte[]> _tiles = [];

        public MemoryTiles(int size)
        {
            for (var at = 0; at < size; at++)
                Tree.Add(Leaf(at), (tile, bytes) => _tiles[(tile.Level!.Value, tile.Index)] = bytes);
            foreach (var (tile, bytes) in Tree.Unfinished())
                _tiles[(tile.Level!.Value, tile.Index)] = bytes;
        }

        public TileBuilder Tree { get; } = new();

        public TileTree Read(ulong size) => new(size, Bytes);

        public ReadOnlyMemory<byte> Bytes(Tile tile) => _tiles[(tile.Level!.Value, tile.Index)].AsMemory(0, tile.Width * MerkleHash.Size);
    }
}
