using System.Text;
using DataExchange.Transparency;
using DataExchange.Transparency.Notes;
using NUnit.Framework;

namespace DataExchange.UnitTests.Transparency;

public sealed class NoteTests
{
    private static readonly NoteKey Peter = Key("peter");
    private static readonly NoteKey Enoch = Key("enoch");

    private static IEnumerable<string> BadNotes => Vectors.List("badNotes");

    private static IEnumerable<string> BadTrees => Vectors.List("badTrees");

    [TestCase("peter", NoteKeyType.Ed25519)]
    [TestCase("enoch", NoteKeyType.Ed25519)]
    [TestCase("example", NoteKeyType.Ed25519)]
    [TestCase("remora", NoteKeyType.Cosignature)]
    public void Key_Published_IsReadAndWritten(string name, NoteKeyType type)
    {
        var text = Vectors.Notes.GetProperty("keys").GetProperty(name).GetString()!;

        Assert.That(NoteKey.Parse(text)?.ToString(), Is.EqualTo(text));
        Assert.That(NoteKey.Parse(text)!.Type, Is.EqualTo(type));
    }

    // The manglings of golang.org/x/mod/sumdb/note: every part of a key alone, and every byte changed.
    [Test]
    public void Key_CutOrChangedAnywhere_IsNone()
    {
        var text = Peter.ToString();
        for (var from = 0; from <= text.Length; from++)
        for (var to = from; to <= text.Length; to++)
        {
            if (to - from < text.Length)
                Assert.That(NoteKey.Parse(text[from..to]), Is.Null, text[from..to]);
        }

        for (var at = 0; at < text.Length; at++)
        {
            var changed = text[..at] + (char)(text[at] + 1) + text[(at + 1)..];
            Assert.That(NoteKey.Parse(changed), Is.Null, changed);
        }

        Assert.That(Vectors.List("badKeys").Select(NoteKey.Parse), Is.All.Null);
    }

    [Test]
    public void Sign_PublishedKeyAndText_GivesThePublishedNote()
    {
        using var signer = new NoteSigner("PeterNeumann", NoteKeyType.Ed25519, Convert.FromBase64String(Vectors.Note("peterSeed")));
        var text = Vectors.Note("text");

        var note = new SignedNote(text, [signer.Sign(text, DateTimeOffset.UnixEpoch)]);

        Assert.That(signer.Key.ToString(), Is.EqualTo(Peter.ToString()));
        Assert.That(Encoding.UTF8.GetString(note.ToBytes()), Is.EqualTo(Vectors.Note("signedByPeter")));
    }

    [Test]
    public void Parse_PublishedNotes_VerifyUnderTheirKeysOnly()
    {
        var both = Note("signedByBoth");

        Assert.That(both.SignatureOf(Peter), Is.Not.Null);
        Assert.That(both.SignatureOf(Enoch), Is.Not.Null);
        Assert.That(Encoding.UTF8.GetString(both.ToBytes()), Is.EqualTo(Vectors.Note("signedByBoth")));
        Assert.That(Note("signedByPeter").SignatureOf(Enoch), Is.Null);
        Assert.That(Note("exampleNote").SignatureOf(Key("example")), Is.Not.Null);
    }

    [Test]
    public void SignatureOf_FalseOneBesideATrueOne_IsNone()
    {
        var peter = Note("signedByPeter");
        var bytes = peter.Signatures[0].Signature.ToArray();
        bytes[^1] ^= 1;

        Assert.That(new SignedNote(peter.Text, [peter.Signatures[0], peter.Signatures[0] with { Signature = bytes }]).SignatureOf(Peter), Is.Null);
        Assert.That(SignedNote.Parse(Encoding.UTF8.GetBytes(Vectors.Note("wrongSignature")))?.SignatureOf(Peter), Is.Null);
    }

    [TestCaseSource(nameof(BadNotes))]
    public void Parse_BadNote_IsNone(string note) => Assert.That(SignedNote.Parse(Encoding.UTF8.GetBytes(note)), Is.Null);

    [Test]
    public void Parse_NotUtf8_IsNone() => Assert.That(SignedNote.Parse([0xff, .. Encoding.UTF8.GetBytes(Vectors.Note("signedByPeter"))]), Is.Null);

    [Test]
    public void Checkpoint_Published_IsReadAndWritten()
    {
        var tree = Checkpoint.Parse(Vectors.Note("tree"));

        Assert.That(tree, Is.EqualTo(new Checkpoint("go.sum database tree", 123_456_789_012, MerkleHash.OfLeaf("hello world"u8))));
        Assert.That(tree!.Text, Is.EqualTo(Vectors.Note("tree")));
        Assert.That(Checkpoint.Parse(Vectors.Note("checkpoint"))?.Text, Is.EqualTo(Vectors.Note("checkpoint")));
        Assert.That(Checkpoint.Parse(Vectors.Note("tree") + "extension\n")?.Size, Is.EqualTo(123_456_789_012));
    }

    [TestCaseSource(nameof(BadTrees))]
    [TestCase("")]
    [TestCase("log\n1\n")]
    [TestCase("\n1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n")]
    [TestCase("log\n01\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n")]
    [TestCase("log\n-1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n")]
    [TestCase("log\n3438945738945739845734895735\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n")]
    [TestCase("log\n1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb1=\n")]
    [TestCase("log\n1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=")]
    [TestCase("log\n1\nTszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=\n\n")]
    public void Checkpoint_Bad_IsNone(string text) => Assert.That(Checkpoint.Parse(text), Is.Null);

    [Test]
    public void Cosignature_OfACheckpoint_SaysWhenAndCoversEveryLine()
    {
        using var witness = new NoteSigner("witness.example/w1", NoteKeyType.Cosignature, new byte[32]);
        var moment = DateTimeOffset.FromUnixTimeSeconds(1_679_315_147);
        var text = Vectors.Note("checkpoint");

        var note = new SignedNote(text, [witness.Sign(text, moment)]);

        Assert.That(note.CosignedAt(witness.Key), Is.EqualTo(moment));
        Assert.That(note.CosignedAt(Peter), Is.Null);
        Assert.That((note with { Text = text + "more\n" }).CosignedAt(witness.Key), Is.Null);
        Assert.That(witness.Sign(text, moment.AddSeconds(1)).Signature.ToArray(), Is.Not.EqualTo(note.Signatures[0].Signature.ToArray()));
    }

    private static NoteKey Key(string name) => NoteKey.Parse(Vectors.Notes.GetProperty("keys").GetProperty(name).GetString()!)!;

    private static SignedNote Note(string name) => SignedNote.Parse(Encoding.UTF8.GetBytes(Vectors.Note(name)))!;
}
