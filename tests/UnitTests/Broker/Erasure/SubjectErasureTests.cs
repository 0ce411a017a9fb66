using System.Collections.Frozen;
using DataExchange.Broker.Audit;
using DataExchange.Broker.Erasure;
using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Contracts;
using DataExchange.Testing;
using DataExchange.UnitTests.Broker.Audit;
using DataExchange.UnitTests.Broker.Index;
using Microsoft.Extensions.Logging.Abstractions;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Index.TestIndex;

namespace DataExchange.UnitTests.Broker.Erasure;

/// <summary>An erased subject stays erased: in the files, under replays, after a crash, in a restored backup.</summary>
internal sealed class SubjectErasureTests
{
    private static readonly Identifier Person = new("test-person", "CANARY-PERSON-4be2c9");
    private static readonly Identifier Alias = new("test-alias", "CANARY-ALIAS-90d1a7");

    private TestIndex _test = null!;
    private AuditTestLog _log = null!;
    private AuditLog _audit = null!;
    private TempFolder _copies = null!;

    private SubjectKey PersonKey => _test.Index.Keys.Of(Person);

    private SubjectKey AliasKey => _test.Index.Keys.Of(Alias);

    [SetUp]
    public void SetUp()
    {
        _test = new TestIndex();
        _log = new AuditTestLog();
        _audit = _log.Open();
        _copies = new TempFolder();
    }

    [TearDown]
    public async Task TearDown()
    {
        await _test.DisposeAsync();
        _audit.Dispose();
        _log.Dispose();
        _copies.Dispose();
    }

    [Test]
    public async Task Erase_LinkedIdentifiers_LeaveNothingInIndexNorFiles()
    {
        await PublishAsync();
        await _test.ReopenAsync();
        await _test.ApplyAsync(Civil, 20, Held(PersonKey, Name, "once more in the log of writes"));
        var (records, pseudonyms) = (Records(), _test.Index.PseudonymsOf(AliasKey)!);
        Assert.That(SearchFiles(records), Is.Not.Empty, "the search does find what is there");

        var outcome = await EraseAsync(Alias);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((outcome.Error, outcome.Identifiers), Is.EqualTo(((ExchangeError?)null, 2)));
            foreach (var subject in new[] { PersonKey, AliasKey })
                Assert.That(_test.Read(subject, Name, Marital, Income), Is.Empty);
            Assert.That(_test.Index.PseudonymsOf(PersonKey), Is.Empty);
            Assert.That(_test.Index.Statistics, Is.EqualTo(new IndexStatistics(1, 1, 0)), "others stay");
            Assert.That(_test.Read(Cai, Name), Is.EqualTo("cai"));
            Assert.That(_test.Index.FindSubjects(pseudonyms.ToHashSet()), Is.Empty, "nobody can tell whose the entries are");
        }
        await Eventually.Async("the files are rid of it", () => Task.FromResult(SearchFiles(records)), found => found.Count == 0);
    }

    [Test]
    public async Task Erase_LinkedByWhoMayNotLinkAnyMore_LeavesTheOther()
    {
        await PublishAsync();

        var outcome = await EraseAsync(Person, linkers: [Tax]);

        using (Assert.EnterMultipleScope())
        {
            Assert.That((outcome.Error, outcome.Identifiers), Is.EqualTo(((ExchangeError?)null, 1)));
            Assert.That(_test.Read(PersonKey, Name), Is.Empty);
            Assert.That(_test.Read(AliasKey, Income), Is.EqualTo("12"));
        }
    }

    [Test]
    public async Task Erase_StatementsOnTheirWay_NeverArriveAndNewOnesDo()
    {
        await PublishAsync();
        var before = Batch(Civil, 8, Held(PersonKey, Marital, "in a queue meanwhile"));
        var slowClock = Batch(Civil, 9, Held(PersonKey, Marital, "packed before, never announced")) with { PackedAt = Start };
        var fastClock = Batch(Civil, 7, Held(PersonKey, Marital, "announced, of a clock that is ahead")) with { PackedAt = Start.AddDays(3) };
        // The eighth has come, the seventh has not: the department is known to have published both.
        await _test.ApplyAsync(before with { Changes = new[] { Held(Cai, Marital, "x") } });
        var first = _test.Index.ReadCluster(PersonKey, []).Pseudonym;
        _test.Time.Advance(TimeSpan.FromHours(1));
        await EraseAsync(Person);

        await _test.ApplyAsync(fastClock);
        await _test.ApplyAsync(slowClock);
        Assert.That(_test.Read(PersonKey, Name, Marital, Income), Is.Empty);
        Assert.That(_test.Stream(Civil).Watermark, Is.EqualTo(9), "passed over, not missing");

        await _test.ApplyAsync(Batch(Civil, 10, Held(PersonKey, Name, "said anew")) with { PackedAt = Start.AddHours(2) });
        var second = _test.Index.ReadCluster(PersonKey, [Name]);
        Assert.That(_test.Read(PersonKey, Name), Is.EqualTo("said anew"));
        Assert.That(second.Pseudonym.IsNone || second.Pseudonym == first, Is.False, "a new secret, and no way back to the old entries");
    }

    [Test]
    public async Task Erase_IndexRestoredFromAnOlderBackup_IsErasedAgainBeforeItAnswers()
    {
        await PublishAsync();
        CopyStore(_test.Options.Folder, _copies["backup"]);
        var late = Batch(Civil, 7, Held(PersonKey, Marital, "after the backup"));
        await _test.ApplyAsync(late);
        _test.Time.Advance(TimeSpan.FromHours(1));
        await EraseAsync(Person);

        await RestoreAsync();
        Assert.That(_test.Read(PersonKey, Name), Is.EqualTo("person"), "the backup still has it");
        await ReplayAsync();

        Assert.That(_test.Read(PersonKey, Name, Marital, Income), Is.Empty);
        Assert.That(_test.Read(AliasKey, Name, Marital, Income), Is.Empty);
        Assert.That(_test.Read(Cai, Name), Is.EqualTo("cai"));
        // What the department sends again, since the backup lacks it.
        Assert.That(await _test.ApplyAsync(late), Is.EqualTo(ApplyOutcome.Applied));
        Assert.That(_test.Read(PersonKey, Name, Marital, Income), Is.Empty);
    }

    [Test]
    public async Task Erase_CrashBetweenLogAndIndex_IsCarriedOutAtTheNextStart()
    {
        await PublishAsync();
        CopyStore(_test.Options.Folder, _copies["backup"]);
        await EraseAsync(Person);
        await RestoreAsync();
        await ReplayAsync();
        Assert.That(_test.Read(PersonKey, Name, Marital, Income), Is.Empty);

        // And once only: what is said afterwards stays at the start after that.
        _test.Time.Advance(TimeSpan.FromHours(1));
        await _test.ApplyAsync(Batch(Civil, 7, Held(PersonKey, Name, "said anew")) with { PackedAt = Start.AddHours(1) });
        await _test.ReopenAsync();
        await ReplayAsync();
        Assert.That(_test.Read(PersonKey, Name), Is.EqualTo("said anew"));
    }

    [Test]
    public async Task Erase_InALogThatIsClosedMeanwhile_IsCarriedOutFromThere()
    {
        await PublishAsync();
        CopyStore(_test.Options.Folder, _copies["backup"]);
        await EraseAsync(Person);
        await AuditTestLog.RotateAsync(_audit);
        await EraseAsync(new Identifier("test-person", "somebody else"));
        await RestoreAsync();

        await ReplayAsync();

        Assert.That(_test.Read(PersonKey, Name, Marital, Income), Is.Empty);
        Assert.That(ErasedThroughState.Read(_test.Index), Is.EqualTo((_audit.LogId, 2UL)));
    }

    [Test]
    public async Task Erase_Twice_IsHarmlessAndOfAnUnknownSubjectToo()
    {
        await PublishAsync();
        Assert.That((await EraseAsync(Person)).Identifiers, Is.EqualTo(2));
        Assert.That((await EraseAsync(Person)).Identifiers, Is.EqualTo(1));
        Assert.That((await EraseAsync(new Identifier("test-person", "nobody"))).Error, Is.Null);
        Assert.That(new AuditReader(_log.Folder).Count, Is.EqualTo(3));
    }

    [Test]
    public async Task Erase_AuditLog_HoldsTheErasureAndNoIdentifier()
    {
        await PublishAsync();
        var pseudonyms = _test.Index.PseudonymsOf(PersonKey)!;
        await EraseAsync(Person);
        var entry = new AuditReader(_log.Folder)[0];
        using (Assert.EnterMultipleScope())
        {
            Assert.That(entry.Erasure.Pseudonyms.Select(bytes => Pseudonym.Read(bytes.Span)), Is.EquivalentTo(pseudonyms));
            Assert.That(entry.Erasure.Streams.Single(stream => stream.Department == Civil.Value).Sequence, Is.EqualTo(6));
            Assert.That((entry.Consumer, entry.LegalBasis, entry.CaseId), Is.EqualTo((Tax.Value, "Act s. 17", "case-9")));
        }
        _audit.Dispose();
        new CanaryScan(Person.Value, Alias.Value).Files(_log.Folder).VerifyNone();
        _audit = _log.Open();
    }

    private async Task PublishAsync()
    {
        await _test.ApplyAsync(Batch(
            Civil, 1, Held(PersonKey, Name, "person"), Held(PersonKey, Marital, "single"), Held(AliasKey, Income, "12"), Link(PersonKey, AliasKey), Held(Cai, Name, "cai"), Withdraw(AliasKey, Name)));
    }

    private async Task<ErasureOutcome> EraseAsync(Identifier identifier, DepartmentId[]? linkers = null)
    {
        using var erasure = new SubjectErasure(_test.Index.Keys, _test.Index, _audit, _test.Time);
        return await erasure.EraseAsync(new ErasureRequest(identifier, linkers?.ToFrozenSet(), Tax, "Act s. 17", "case-9"), CancellationToken.None);
    }

    private async Task RestoreAsync()
    {
        await _test.Index.DisposeAsync();
        _test.Options.Folder = _copies["backup"];
        await _test.ReopenAsync(isClosed: true);
    }

    private Task ReplayAsync() =>
        new ErasureReplay(_test.Index, Microsoft.Extensions.Options.Options.Create(_log.Options), NullLogger<ErasureReplay>.Instance).RunAsync();

    /// <summary>Wrapped secrets and sealed values of the erased, as they lie in the records.</summary>
    private List<byte[]> Records()
    {
        var parts = new List<byte[]>();
        _test.Index.ForEachRecord((subject, record) =>
        {
            if (subject != PersonKey && subject != AliasKey)
                return;
            var reader = new RecordReader(record, subject, _test.Index.Rows);
            parts.Add(reader.Secret.ToArray());
            while (reader.MoveNext())
            {
                if (reader.Content.Length > 0)
                    parts.Add(reader.Content.ToArray());
            }
        });
        Assert.That(parts, Has.Count.EqualTo(5));
        return parts;
    }

    private List<int> SearchFiles(List<byte[]> parts)
    {
        var files = Directory.GetFiles(_test.Options.Folder).Where(file => Path.GetFileName(file) != "LOCK").Select(ReadShared).ToList();
        return [.. Enumerable.Range(0, parts.Count).Where(i => files.Any(file => file.AsSpan().IndexOf(parts[i]) >= 0))];
    }

    private static byte[] ReadShared(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var bytes = new byte[file.Length];
        file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        return bytes;
    }
}
