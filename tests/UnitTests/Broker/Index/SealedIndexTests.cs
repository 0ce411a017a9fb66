using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Testing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NUnit.Framework;
using RocksDbSharp;
using static DataExchange.UnitTests.Broker.Index.TestIndex;

namespace DataExchange.UnitTests.Broker.Index;

/// <summary>What whoever gets the index's files has of it: no value, no way to put one in another's place, no subject of the audit log.</summary>
internal sealed class SealedIndexTests
{
    private const string Canary = "CANARY-VALUE-0d5c1f77";

    private TestIndex _test = null!;

    [SetUp]
    public void SetUp() => _test = new TestIndex();

    [TearDown]
    public async Task TearDown() => await _test.DisposeAsync();

    [Test]
    public async Task Apply_HeldValue_IsInNoFileAndIsRead()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, Canary));
        new CanaryScan(Canary).Files(_test.Options.Folder).VerifyNone();
        await _test.ReopenAsync();
        Assert.That(_test.Read(Ann, Name), Is.EqualTo(Canary));
        new CanaryScan(Canary).Files(_test.Options.Folder).VerifyNone();
    }

    [Test]
    public async Task Read_ValuesOfTwoSubjectsSwapped_AreBrokenNeverGiven()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"), Held(Bob, Name, "bob"));
        var (ann, bob) = await RewriteAsync(
            (Ann, Bob), (mine, other) => mine.Key == other.Key ? other.Content : (ReadOnlyMemory<byte>?)null);
        AssertBroken(ann, bob);
        Assert.That((await new IndexHealthCheck(_test.Index).CheckHealthAsync(new())).Status, Is.EqualTo(HealthStatus.Unhealthy));
    }

    [Test]
    public async Task Read_ValuesOfTwoAttributesSwapped_AreBrokenNeverGiven()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"), Held(Ann, Marital, "single"));
        var (ann, _) = await RewriteAsync((Ann, Ann), (mine, other) => mine.Key != other.Key ? other.Content : (ReadOnlyMemory<byte>?)null);
        AssertBroken(ann);
        Assert.That(_test.Index.ReadCluster(Ann, [Marital]).Facts.Single().Broken);
    }

    [Test]
    public async Task Read_OlderRevisionPutBack_IsBrokenNeverGiven()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "old"));
        var old = await EntriesAsync(Ann);
        await _test.ApplyAsync(Civil, 2, Held(Ann, Name, "new"));
        var (ann, _) = await RewriteAsync((Ann, Ann), (_, _) => old[0].Content);
        AssertBroken(ann);
    }

    [Test]
    public async Task Read_SecretOfAnotherSubjectPutInItsPlace_IsUnavailable()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"), Held(Bob, Name, "bob"));
        await _test.Index.DisposeAsync();
        using (var store = _test.OpenStore())
        using (var write = new WriteBatch())
        {
            store.PutSubject(write, Ann, Record(store.Rows, Ann, SecretOf(store, Bob), Entries(store, Ann)));
            store.Write(write);
        }
        await _test.ReopenAsync(isClosed: true);
        Assert.That(_test.Index.ReadCluster(Ann, [Name]).Outcome, Is.EqualTo(ClusterOutcome.Unavailable));
        Assert.That(_test.Read(Bob, Name), Is.EqualTo("bob"));
    }

    [Test]
    public async Task Open_WrappingKeyLost_RefusesToStartAndMakesNone()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        var key = Path.Combine(_test.Options.KeyFolder, "wrapping-1.key");
        var kept = File.ReadAllBytes(key);
        await _test.Index.DisposeAsync();
        File.Delete(key);
        Assert.That(() => _test.ReopenAsync(isClosed: true), Throws.InvalidOperationException.With.Message.Contains("wrapping key"));
        Assert.That(File.Exists(key), Is.False);

        _test.CreateKey(WrappingKeys.Prefix);
        Assert.That(() => _test.ReopenAsync(isClosed: true), Throws.InvalidOperationException.With.Message.Contains("wrapping key 1"), "another one in its place");

        File.WriteAllBytes(key, kept);
        await _test.ReopenAsync(isClosed: true);
        Assert.That(_test.Read(Ann, Name), Is.EqualTo("ann"));
    }

    [Test]
    public async Task Pseudonym_OfASubject_StaysWhateverIsSaidOfIt()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        var made = _test.Index.ReadCluster(Ann, []).Pseudonym;
        await _test.ApplyAsync(Civil, 2, Held(Ann, Marital, "single"), Held(Bob, Name, "bob"), Withdraw(Ann, Name));
        await _test.ReopenAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(made.IsNone, Is.False);
            Assert.That(_test.Index.ReadCluster(Ann, []).Pseudonym, Is.EqualTo(made));
            Assert.That(_test.Index.ReadCluster(Bob, []).Pseudonym, Is.Not.EqualTo(made));
        }
    }

    [Test]
    public async Task MakeKnown_UnknownSubject_HasAPseudonymThatStaysAndCountsAsNobody()
    {
        Assert.That(_test.Index.ReadCluster(Ann, [Name]).Pseudonym.IsNone);
        var made = await _test.Index.MakeKnownAsync(Ann, CancellationToken.None);
        // As a crash would leave it.
        using var copies = new TempFolder();
        CopyStore(_test.Options.Folder, copies["index"]);
        _test.Options.Folder = copies["index"];
        await _test.ReopenAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Index.ReadCluster(Ann, []).Pseudonym, Is.EqualTo(made));
            Assert.That(_test.Index.Statistics, Is.EqualTo(default(IndexStatistics)));
        }
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        Assert.That(_test.Index.ReadCluster(Ann, []).Pseudonym, Is.EqualTo(made), "also once there is something to know");
        await _test.Index.DisposeAsync();
        _test.Options.Folder = copies["another"];
        _test.Options.HubKeyFile = copies["hub.key"];
        await _test.ReopenAsync(isClosed: true);
    }

    [Test]
    public async Task Pseudonyms_OfLinkedIdentifiers_AreAllFoundFromAny()
    {
        await _test.ApplyAsync(Civil, 1, Link(Ann, Bob), Link(Bob, Cai));
        var all = new[] { Ann, Bob, Cai }.Select(subject => _test.Index.ReadCluster(subject, []).Pseudonym).ToArray();
        Assert.That(all, Is.Unique);
        foreach (var subject in new[] { Ann, Bob, Cai })
        {
            Assert.That(_test.Index.PseudonymsOf(subject), Is.EquivalentTo(all));
            Assert.That(_test.Index.PseudonymsOf(subject)![0], Is.EqualTo(_test.Index.ReadCluster(subject, []).Pseudonym), "the one asked for first");
        }
        Assert.That(_test.Index.PseudonymsOf(new SubjectKey(9, 9)), Is.Empty);
    }

    private void AssertBroken(params SubjectKey[] subjects)
    {
        foreach (var subject in subjects)
        {
            var result = _test.Index.ReadCluster(subject, [Name]);
            Assert.That(result.Outcome, Is.EqualTo(ClusterOutcome.Read));
            Assert.That((result.Facts.Single().Broken, result.Facts.Single().Content.Length), Is.EqualTo((true, 0)));
        }
    }

    /// <summary>Writes both records with the contents that <paramref name="content"/> takes from the other, checksums and all, as an intruder would.</summary>
    private async Task<(SubjectKey, SubjectKey)> RewriteAsync((SubjectKey First, SubjectKey Second) subjects, Func<Statement, Statement, ReadOnlyMemory<byte>?> content)
    {
        await _test.Index.DisposeAsync();
        using (var store = _test.OpenStore())
        using (var write = new WriteBatch())
        {
            foreach (var (mine, other) in new[] { subjects, (subjects.Second, subjects.First) })
            {
                var theirs = Entries(store, other);
                var entries = Entries(store, mine).Select(m => theirs.Select(o => content(m, o)).FirstOrDefault(c => c is not null) is { } taken ? m with { Content = taken } : m);
                store.PutSubject(write, mine, Record(store.Rows, mine, SecretOf(store, mine), [.. entries]));
            }
            store.Write(write);
        }
        await _test.ReopenAsync(isClosed: true);
        return subjects;
    }

    private async Task<Statement[]> EntriesAsync(SubjectKey subject)
    {
        await _test.Index.DisposeAsync();
        Statement[] entries;
        using (var store = _test.OpenStore())
            entries = Entries(store, subject);
        await _test.ReopenAsync(isClosed: true);
        return entries;
    }

    private static Statement[] Entries(IndexStore store, SubjectKey subject)
    {
        var entries = new List<Statement>();
        store.ReadSubjects([subject], (_, record) =>
        {
            var reader = new RecordReader(record, subject, store.Rows);
            while (reader.MoveNext())
                entries.Add(new Statement(subject, reader.Key, reader.Sequence, reader.AsOfTicks, reader.Flags, reader.Content.ToArray()));
        });
        return [.. entries];
    }

    private static byte[] SecretOf(IndexStore store, SubjectKey subject)
    {
        byte[] secret = [];
        store.ReadSubjects([subject], (_, record) => secret = new RecordReader(record, subject, store.Rows).Secret.ToArray());
        return secret;
    }

    private static byte[] Record(RowKeys rows, SubjectKey subject, byte[] secret, Statement[] entries)
    {
        var writer = new RecordWriter(rows);
        writer.Start(secret, erasure: null);
        foreach (var entry in entries)
            writer.Add(entry.Key, entry.Sequence, entry.AsOfTicks, entry.Flags, entry.Content.Span);
        return writer.Finish(subject).ToArray();
    }
}
