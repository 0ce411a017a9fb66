using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using NUnit.Framework;

namespace DataExchange.UnitTests.Transparency;

public sealed class AccessStatementTests
{
    private const string Hub = "hub.example/audit/0000000000000000000000000000000";
    private static readonly ulong[] Places = [3, 17, 300, 999];
    private static readonly byte[][] Pseudonyms = [new byte[16]];
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch.AddDays(20_000);

    private SampleLog _log = null!;

    [SetUp]
    public void Start() => _log = new SampleLog(1_000);

    [TearDown]
    public void Stop() => _log.Dispose();

    [Test]
    public void Check_WholeListing_Holds() => Assert.That(Statement().Check([Log()], Listing(Places), Pseudonyms), Is.Null);

    [Test]
    public void Check_AnyEntryDropped_DoesNotHold()
    {
        foreach (var dropped in Places)
            Assert.That(Statement().Check([Log()], Listing(Places.Where(place => place != dropped)), Pseudonyms), Is.EqualTo("3 entries are listed, the statement counts 4"));
    }

    [Test]
    public void Check_AnEntryReplacedOrRepeated_DoesNotHold()
    {
        Assert.That(Statement().Check([Log()], Listing([3, 17, 300, 998]), Pseudonyms), Does.StartWith("an entry is not one"));
        Assert.That(Statement().Check([Log()], Listing([3, 17, 17, 999]), Pseudonyms), Does.StartWith("an entry is not one"));
    }

    // Somebody with the log's key can state what they like, but not put into the log what is not there.
    [Test]
    public void Check_EntryThatTheLogLacks_DoesNotHold()
    {
        var listing = Listing(Places);
        listing[1] = listing[1] with { Leaf = MerkleHash.OfLeaf("invented"u8) };
        var statement = AccessStatement.Of([Log()], listing.Select(access => access.Leaf).ToArray(), Pseudonyms, Now);

        Assert.That(statement.Check([Log()], listing, Pseudonyms), Is.EqualTo("entry 17 is not in the log"));
    }

    [Test]
    public void Check_OtherSubjectOrLog_DoesNotHold()
    {
        Assert.That(Statement().Check([Log()], Listing(Places), [new byte[16], new byte[16]]), Is.EqualTo("the statement is about another subject"));
        Assert.That(Statement().Check([Log() with { Size = 999 }], Listing(Places), Pseudonyms), Is.EqualTo("the statement is about another state of the log"));
    }

    [Test]
    public void Read_SignedByTheLog_GivesTheStatement()
    {
        var text = Statement().Text;
        var note = new SignedNote(text, [_log.Signer.Sign(text, Now)]).ToBytes();
        using var stranger = new NoteSigner(SampleLog.Origin, NoteKeyType.Ed25519, [.. Enumerable.Repeat((byte)9, 32)]);

        Assert.That(AccessStatement.Read(note, _log.Signer.Key), Is.EqualTo(Statement()));
        Assert.That(AccessStatement.Read(note, stranger.Key), Is.Null);
        for (var at = 0; at < note.Length; at++)
        {
            var changed = (byte[])note.Clone();
            changed[at] ^= 1;
            Assert.That(AccessStatement.Read(changed, _log.Signer.Key), Is.Null, $"byte {at}");
        }
    }

    [Test]
    public void Read_Checkpoint_IsNoStatement() => Assert.That(AccessStatement.Read(_log.Note, _log.Signer.Key), Is.Null);

    // A closed log with its one entry listed, and the one after it.
    [Test]
    public void Check_OverClosedLogs_HoldsForTheseLogsOnly()
    {
        Checkpoint[] logs = [Log() with { Origin = $"{Hub}1", Size = 1, Root = MerkleHash.OfLeaf("a"u8) }, Log() with { Origin = $"{Hub}2", Size = 1, Root = MerkleHash.OfLeaf("b"u8) }];
        List<(int Log, ulong Index, MerkleHash Leaf, IReadOnlyList<MerkleHash> Proof)> listing = [(0, 0, logs[0].Root, []), (1, 0, logs[1].Root, [])];
        var statement = AccessStatement.Of(logs, [logs[0].Root, logs[1].Root], Pseudonyms, Now);

        Assert.That(statement.Check(logs, listing, Pseudonyms), Is.Null);
        Assert.That(statement.Check([logs[1]], [.. listing.Skip(1)], Pseudonyms), Is.EqualTo("the statement is about other closed logs"));
        Assert.That(statement.Check([logs[0] with { Size = 2 }, logs[1]], listing, Pseudonyms), Is.EqualTo("the statement is about other closed logs"));
        Assert.That(statement.Check(logs, [.. listing.AsEnumerable().Reverse()], Pseudonyms), Does.StartWith("an entry is not one"));
        Assert.That(statement.Check(logs, [listing[0] with { Log = 1 }, listing[1] with { Log = 0 }], Pseudonyms), Is.EqualTo("entry 0 is not in the log"));
    }

    [Test]
    public void Check_LogBetweenLeftOut_DoesNotHold()
    {
        Checkpoint[] logs = [Log() with { Origin = $"{Hub}1" }, Log() with { Origin = $"{Hub}3" }];

        Assert.That(AccessStatement.Of(logs, [], Pseudonyms, Now).Check(logs, [], Pseudonyms), Is.EqualTo($"between {Hub}1 and {Hub}3 a log is missing"));
    }

    private AccessStatement Statement() => AccessStatement.Of([Log()], Listing(Places).Select(access => access.Leaf).ToArray(), Pseudonyms, Now);

    private Checkpoint Log() => Checkpoint.Parse(_log.Sign(1_000).Text)!;

    private List<(int Log, ulong Index, MerkleHash Leaf, IReadOnlyList<MerkleHash> Proof)> Listing(IEnumerable<ulong> places) =>
        [.. places.Select(place => (0, place, MerkleHash.OfLeaf(_log.Entries[(int)place]), _log.Tree(1_000).InclusionProof(place)))];
}
