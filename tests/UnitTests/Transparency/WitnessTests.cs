using System.Text;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using DataExchange.Transparency.Witnesses;
using NUnit.Framework;

namespace DataExchange.UnitTests.Transparency;

public sealed class WitnessTests
{
    private readonly Dictionary<string, byte[]> _saved = [];
    private SampleLog _log = null!;
    private Witness _witness = null!;

    [SetUp]
    public void Start()
    {
        _saved.Clear();
        _log = new SampleLog(1_000);
        _witness = New();
    }

    [TearDown]
    public void Stop() => _log.Dispose();

    [Test]
    public void Add_GrowingLog_IsCosignedAndKept()
    {
        var first = _witness.Add(Request(0, 300));
        var second = _witness.Add(Request(300, 1_000));

        Assert.That(first.Status, Is.EqualTo(CosignStatus.Cosigned));
        Assert.That(second.Status, Is.EqualTo(CosignStatus.Cosigned));
        var latest = SignedNote.Parse(_witness.Latest(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(SampleLog.Origin)))))!;
        Assert.That(Checkpoint.Parse(latest.Text)!.Size, Is.EqualTo(1_000UL));
        Assert.That(latest.CosignedAt(_log.Witness.Key), Is.Not.Null);
        Assert.That(latest.SignatureOf(_log.Signer.Key), Is.Not.Null);
        Assert.That(NoteSignature.Parse(second.Body.TrimEnd('\n')), Is.Not.Null);
    }

    [Test]
    public void Add_AfterARestart_StillKnowsTheLast()
    {
        _witness.Add(Request(0, 300));

        var answer = New().Add(Request(0, 1_000));

        Assert.That(answer.Status, Is.EqualTo(CosignStatus.Conflict));
        Assert.That(answer.Body, Is.EqualTo("300\n"));
    }

    [Test]
    public void Add_Rollback_IsRefused()
    {
        _witness.Add(Request(0, 1_000));

        Assert.That(_witness.Add(Request(300, 300)).Status, Is.EqualTo(CosignStatus.Conflict));
        Assert.That(_witness.Add(new CosignRequest(1_000, [], _log.Sign(300)).ToBytes()).Status, Is.EqualTo(CosignStatus.BadRequest));
    }

    [Test]
    public void Add_Fork_IsRefused()
    {
        using var fork = new SampleLog(1_000, "other ");
        _witness.Add(Request(0, 300));

        Assert.That(_witness.Add(new CosignRequest(300, fork.Tree(1_000).ConsistencyProof(300), fork.Sign(1_000)).ToBytes()).Status, Is.EqualTo(CosignStatus.Unprovable));
        Assert.That(_witness.Add(new CosignRequest(300, [], fork.Sign(300)).ToBytes()).Status, Is.EqualTo(CosignStatus.Unprovable));
        Assert.That(_witness.Add(new CosignRequest(300, [], _log.Sign(1_000)).ToBytes()).Status, Is.EqualTo(CosignStatus.Unprovable));
        Assert.That(_witness.Add(Request(300, 1_000)).Status, Is.EqualTo(CosignStatus.Cosigned));
    }

    [Test]
    public void Add_ProofWithoutAnOldTree_IsRefused() =>
        Assert.That(_witness.Add(new CosignRequest(0, [MerkleHash.OfEmptyTree], _log.Sign(300)).ToBytes()).Status, Is.EqualTo(CosignStatus.Unprovable));

    [Test]
    public void Add_EmptyTreeWithAnotherRoot_IsRefused() =>
        Assert.That(_witness.Add(new CosignRequest(0, [], _log.Sign(new Checkpoint(SampleLog.Origin, 0, TileTests.Leaf(1)))).ToBytes()).Status, Is.EqualTo(CosignStatus.Unprovable));

    [Test]
    public void Add_UnknownLogOrKey_IsRefused()
    {
        using var other = new NoteSigner("log.example/2", NoteKeyType.Ed25519, new byte[32]);
        using var stranger = new NoteSigner(SampleLog.Origin, NoteKeyType.Ed25519, [.. Enumerable.Repeat((byte)9, 32)]);

        Assert.That(_witness.Add(SignedBy(other)).Status, Is.EqualTo(CosignStatus.UnknownLog));
        Assert.That(_witness.Add(SignedBy(stranger)).Status, Is.EqualTo(CosignStatus.Forbidden));
    }

    [Test]
    public void Add_LogThatFollowsAKnownOne_IsCosignedFromItsBeginning()
    {
        const string Prefix = "hub.example/audit/";
        using var first = new NoteSigner(Prefix + "000000000000000000000000000000ff", NoteKeyType.Ed25519, new byte[32]);
        using var next = new NoteSigner(Prefix + "00000000000000000000000000000100", NoteKeyType.Ed25519, new byte[32]);
        using var forged = new NoteSigner(next.Key.Name, NoteKeyType.Ed25519, [.. Enumerable.Repeat((byte)9, 32)]);
        using var elsewhere = new NoteSigner("hub.example/other/00000000000000000000000000000100", NoteKeyType.Ed25519, new byte[32]);
        using var far = new NoteSigner(Prefix + "00000000000000000000000000010000", NoteKeyType.Ed25519, new byte[32]);
        var witness = new Witness(_log.Witness, [first.Key], _saved.GetValueOrDefault, (file, bytes) => _saved[file] = bytes, TimeProvider.System);

        Assert.That(witness.Add(SignedBy(first)).Status, Is.EqualTo(CosignStatus.Cosigned));
        Assert.That(witness.Add(SignedBy(next)).Status, Is.EqualTo(CosignStatus.Cosigned));
        Assert.That(witness.Add(SignedBy(next)).Body, Is.EqualTo("1\n"), "it is known now");
        Assert.That(witness.Add(SignedBy(forged)).Status, Is.EqualTo(CosignStatus.Forbidden));
        Assert.That(witness.Add(SignedBy(elsewhere)).Status, Is.EqualTo(CosignStatus.UnknownLog));
        Assert.That(witness.Add(SignedBy(far)).Status, Is.EqualTo(CosignStatus.UnknownLog));
    }

    [Test]
    public void Add_OnceTheNextLogHasBegun_NeitherTheOneBeforeNorOneFurtherOnIsCosigned()
    {
        using var before = Numbered(0xfe);
        using var first = Numbered(0xff);
        using var next = Numbered(0x100);
        using var third = Numbered(0x101);
        Witness New() => new(_log.Witness, [first.Key], _saved.GetValueOrDefault, (file, bytes) => _saved[file] = bytes, TimeProvider.System);

        Assert.That(New().Add(SignedBy(before)).Status, Is.EqualTo(CosignStatus.UnknownLog), "from before the one that the key was given for");
        Assert.That(New().Add(SignedBy(first)).Status, Is.EqualTo(CosignStatus.Cosigned));
        Assert.That(New().Add(SignedBy(third)).Status, Is.EqualTo(CosignStatus.UnknownLog), "one is left out");
        Assert.That(New().Add(SignedBy(next)).Status, Is.EqualTo(CosignStatus.Cosigned));
        Assert.That(New().Add(SignedBy(first)).Status, Is.EqualTo(CosignStatus.UnknownLog), "it has ended");
        Assert.That(New().Add(SignedBy(third)).Status, Is.EqualTo(CosignStatus.Cosigned));
        Assert.That(New().Add(SignedBy(next)).Status, Is.EqualTo(CosignStatus.UnknownLog));
    }

    [Test]
    public void Add_HubThatIsNewHereWithALaterLog_IsTakenUpThere()
    {
        using var first = Numbered(0xff);
        using var later = Numbered(0x105);
        var witness = new Witness(_log.Witness, [first.Key], _saved.GetValueOrDefault, (file, bytes) => _saved[file] = bytes, TimeProvider.System);

        Assert.That(witness.Add(SignedBy(later)).Status, Is.EqualTo(CosignStatus.Cosigned));
        Assert.That(witness.Add(SignedBy(first)).Status, Is.EqualTo(CosignStatus.UnknownLog));
    }

    private static NoteSigner Numbered(int id) => new($"hub.example/audit/{id:x32}", NoteKeyType.Ed25519, new byte[32]);

    [TestCase("")]
    [TestCase("old 0\n")]
    [TestCase("old 00\n\n")]
    [TestCase("old -1\n\n")]
    [TestCase("new 0\n\n")]
    [TestCase("old 0\nnot base64\n\n")]
    public void Add_Unreadable_IsABadRequest(string head) =>
        Assert.That(_witness.Add([.. Encoding.UTF8.GetBytes(head), .. _log.Sign(300).ToBytes()]).Status, Is.EqualTo(CosignStatus.BadRequest));

    [Test]
    public void Add_MoreThan63ProofLines_IsABadRequest() =>
        Assert.That(_witness.Add(new CosignRequest(0, [.. Enumerable.Range(0, 64).Select(TileTests.Leaf)], _log.Sign(300)).ToBytes()).Status, Is.EqualTo(CosignStatus.BadRequest));

    [Test]
    public void Add_ManyAtOnce_OnlyOneOfEachSizeWins()
    {
        var answers = new CosignAnswer[64];
        Parallel.For(0, 64, at => answers[at] = _witness.Add(Request(0, 100 + at)));

        Assert.That(answers.Count(answer => answer.Status == CosignStatus.Cosigned), Is.EqualTo(1));
        Assert.That(answers.Where(answer => answer.Status != CosignStatus.Cosigned).Select(answer => answer.Status), Is.All.EqualTo(CosignStatus.Conflict));
    }

    [Test]
    public void Add_WhatWasSavedIsDamaged_NothingIsCosigned()
    {
        _witness.Add(Request(0, 300));
        var file = _saved.Single();
        file.Value[20] ^= 1;

        Assert.That(() => _witness.Add(Request(300, 1_000)), Throws.TypeOf<InvalidDataException>());
    }

    private Witness New() => new(_log.Witness, [_log.Signer.Key], _saved.GetValueOrDefault, (file, bytes) => _saved[file] = bytes, TimeProvider.System);

    private byte[] Request(int oldSize, int size) =>
        new CosignRequest((ulong)oldSize, _log.Tree(size).ConsistencyProof((ulong)oldSize), _log.Sign(size)).ToBytes();

    private static byte[] SignedBy(NoteSigner signer)
    {
        var text = new Checkpoint(signer.Key.Name, 1, TileTests.Leaf(0)).Text;
        return new CosignRequest(0, [], new SignedNote(text, [signer.Sign(text, default)])).ToBytes();
    }
}
