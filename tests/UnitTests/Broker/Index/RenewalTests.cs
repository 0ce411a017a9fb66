using DataExchange.Broker.Index;
using DataExchange.Broker.Index.Sealing;
using DataExchange.Hosting;
using DataExchange.Testing;
using NUnit.Framework;
using RocksDbSharp;
using static DataExchange.UnitTests.Broker.Index.TestIndex;

namespace DataExchange.UnitTests.Broker.Index;

/// <summary>All records brought under a new wrapping key, or into the form of this version, while they are read and written.</summary>
internal sealed class RenewalTests
{
    private const int Subjects = 1_000;
    private const string Canary = "CANARY-UNSEALED-83ab4c";

    private TestIndex _test = null!;

    [SetUp]
    public void SetUp() => _test = new TestIndex();

    [TearDown]
    public async Task TearDown() => await _test.DisposeAsync();

    [Test]
    public async Task Run_NewKeyFile_WrapsAllAnewWhileServingAndNeedsTheOldOneNoMore()
    {
        await FillAsync();
        var pseudonyms = Pseudonyms();
        Assert.That(_test.CreateKey(WrappingKeys.Prefix), Is.EqualTo(2));

        var renewal = _test.Index.Renewal.RunAsync(CancellationToken.None);
        ulong written = 0;
        do
        {
            AssertAllRead();
            await _test.ApplyAsync(Civil, Subjects + ++written, Held(Subject(0), Marital, $"{written}"));
        }
        while (!renewal.IsCompleted);
        Assert.That(await renewal, Is.True);
        Assert.That(_test.Index.Renewal.IsDone);

        await _test.Index.DisposeAsync();
        File.Delete(Path.Combine(_test.Options.KeyFolder, "wrapping-1.key"));
        await _test.ReopenAsync(isClosed: true);
        AssertAllRead();
        Assert.That(Pseudonyms(), Is.EqualTo(pseudonyms), "the secrets are the same, only wrapped anew");
        Assert.That(_test.Read(Subject(0), Marital), Is.EqualTo($"{written}"));
    }

    [Test]
    public async Task Run_NewKeyFile_LeavesNothingUnderTheOldKeyInTheFiles()
    {
        await FillAsync();
        var wrapped = Secrets().ToDictionary(pair => pair.Key, pair => pair.Value);
        _test.CreateKey(WrappingKeys.Prefix);
        await _test.Index.Renewal.RunAsync(CancellationToken.None);
        await _test.Index.DisposeAsync();

        var files = Directory.GetFiles(_test.Options.Folder).SelectMany(File.ReadAllBytes).ToArray();
        await _test.ReopenAsync(isClosed: true);
        Assert.That(wrapped.Values.Where(old => files.AsSpan().IndexOf(old.AsSpan(4)) >= 0), Is.Empty);
        Assert.That(Secrets().Values.Count(now => files.AsSpan().IndexOf(now.AsSpan(4)) >= 0), Is.GreaterThan(Subjects / 2), "the search does find what is there");
    }

    /// <summary>Both keys at once, and links, so that records in either state point to each other.</summary>
    // Again where no copy caught it half done, as on a machine that is busy with other things.
    [Test, Retry(3)]
    public async Task Run_KilledAnywhere_GoesOnWhereItWasAndSplitsNobody()
    {
        await FillAsync();
        await LinkAsync();
        _test.Options.RenewalRecordsMax = 10;
        await _test.ReopenAsync();
        var (pseudonyms, digest) = (Pseudonyms(), _test.Index.ComputeDigest());
        _test.CreateKey(WrappingKeys.Prefix);
        _test.CreateKey(RowKeys.Prefix);
        using var copies = new TempFolder();
        var renewal = _test.Index.Renewal.RunAsync(CancellationToken.None);
        var killed = new List<string>();
        do
        {
            killed.Add(copies[$"{killed.Count}"]);
            TryCopyStore(killed[^1]);
        }
        while (!renewal.IsCompleted && killed.Count < 20);
        await renewal;
        await _test.Index.DisposeAsync();

        var halfDone = 0;
        foreach (var folder in killed.Where(Directory.Exists))
        {
            _test.Options.Folder = folder;
            await _test.ReopenAsync(isClosed: true);
            var renewed = Generations().Count(generation => generation == 2);
            halfDone += renewed is > 0 and < Subjects ? 1 : 0;
            AssertAllRead(isLinked: true);
            Assert.That(Pseudonyms(), Is.EqualTo(pseudonyms), $"with {renewed} renewed");
            await _test.Index.Renewal.RunAsync(CancellationToken.None);
            Assert.That(Generations(), Has.Count.EqualTo(Subjects).And.All.EqualTo(2));
            Assert.That(_test.Index.ComputeDigest(), Is.EqualTo(digest));
            AssertAllRead(isLinked: true);
            await _test.Index.DisposeAsync();
        }
        await _test.ReopenAsync(isClosed: true);
        await TestContext.Out.WriteLineAsync($"{killed.Count} copies, {halfDone} of them half done");
        Assert.That(halfDone, Is.Positive);
    }

    [Test]
    public async Task Run_NewIdentifierKey_IsFollowedByEveryReaderAtEveryMoment()
    {
        await FillAsync();
        await LinkAsync();
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(reader => Task.Run(() =>
        {
            var reads = 0;
            for (; !done.IsCancellationRequested; reads++)
            {
                // Of pairs one identifier is asked for and the other one has the value.
                var i = ((reads * 7) + reader) % Subjects;
                Assert.That(_test.Read(Subject(i ^ 1), Name), Does.Contain($"name {i}"), $"read {reads}");
            }
            return reads;
        })).ToArray();
        for (uint generation = 2; generation <= 5; generation++)
        {
            Assert.That(_test.CreateKey(RowKeys.Prefix), Is.EqualTo(generation));
            Assert.That(await _test.Index.Renewal.RunAsync(CancellationToken.None));
            Assert.That(_test.Index.Rows.Current, Is.EqualTo(generation));
        }
        await done.CancelAsync();
        Assert.That(await Task.WhenAll(readers), Has.All.GreaterThan(Subjects));
        await TestContext.Out.WriteLineAsync($"{await readers[0] + await readers[1]} reads, none missed");
    }

    [Test]
    public async Task Run_NewIdentifierKey_LeavesNoFormerRowNorKeyOfASubjectInTheFiles()
    {
        await FillAsync();
        await LinkAsync();
        var former = Rows();
        _test.CreateKey(RowKeys.Prefix);
        await _test.Index.Renewal.RunAsync(CancellationToken.None);
        var now = Rows();
        await _test.Index.DisposeAsync();
        File.Delete(Path.Combine(_test.Options.KeyFolder, "identifier-1.key"));
        // The store's list of tables names the first and last key of former ones until it is written anew at the next start.
        await _test.ReopenAsync(isClosed: true);
        await _test.Index.DisposeAsync();

        var files = Directory.GetFiles(_test.Options.Folder).SelectMany(File.ReadAllBytes).ToArray();
        // The store leaves out what a key shares with the one before.
        int Count(IEnumerable<byte[]> keys) => keys.Count(key => files.AsSpan().IndexOf(key.AsSpan(4)) >= 0);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Count(former), Is.Zero, "under the former key");
            Assert.That(Count(Enumerable.Range(0, Subjects).Select(i => Bytes(Subject(i)))), Is.Zero, "under none");
            Assert.That(Count(now), Is.GreaterThan(Subjects / 2), "the search does find what is there");
        }
        await _test.ReopenAsync(isClosed: true);
        AssertAllRead(isLinked: true);
    }

    [Test]
    public async Task Run_RecordsOfVersion1_AreReadAtOnceAndSealedByAndBy()
    {
        await _test.ApplyAsync(Civil, 1, Held(Cai, Name, "x"));
        await _test.Index.Renewal.RunAsync(CancellationToken.None);
        await PutVersion1Async(Ann, Bob);
        Assert.That(_test.Read(Bob, Name), Is.EqualTo(Canary), "read as it is");
        await _test.ApplyAsync(Civil, 3, Held(Ann, Marital, "single"));
        Assert.That(_test.Read(Bob, Name, Marital), Is.EqualTo($"{Canary} single"), "sealed by what is written next");

        await PutVersion1Async(new SubjectKey(50, 50), new SubjectKey(51, 51));
        Assert.That(await _test.Index.Renewal.RunAsync(CancellationToken.None), Is.True);
        await _test.ReopenAsync();
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Read(new SubjectKey(51, 51), Name), Is.EqualTo(Canary));
            Assert.That(_test.Read(Bob, Name, Marital), Is.EqualTo($"{Canary} single"));
            Assert.That(Generations(), Has.Count.EqualTo(5).And.All.EqualTo(1));
        }
        new CanaryScan(Canary).Files(_test.Options.Folder).VerifyNone();
    }

    [Test]
    public async Task Run_KeyFileOfTheWrongLength_KeepsTheFormerKey()
    {
        await FillAsync();
        var path = Path.Combine(_test.Options.KeyFolder, "wrapping-2.key");
        WholeFile.Write(path, new byte[31], WholeFile.OwnerOnly, overwrite: false);
        Assert.That(() => _test.Index.Renewal.RunAsync(CancellationToken.None), Throws.InvalidOperationException.With.Message.Contains("31"));
        await _test.ApplyAsync(Civil, Subjects + 1, Held(Ann, Name, "ann"));
        AssertAllRead();
        File.Delete(path);
    }

    private async Task FillAsync()
    {
        for (var first = 0; first < Subjects; first += 500)
            await _test.ApplyAsync(Batch(Civil, (ulong)first + 1, [.. Enumerable.Range(first, 500).Select(i => Held(Subject(i), Name, $"name {i}"))]));
        // What a first start does by itself.
        await _test.Index.Renewal.RunAsync(CancellationToken.None);
    }

    /// <summary>Each even one with the odd one that follows.</summary>
    private async Task LinkAsync()
    {
        await _test.ApplyAsync(Batch(Civil, 10_001, [.. Enumerable.Range(0, Subjects / 2).Select(i => Link(Subject(2 * i), Subject((2 * i) + 1)))]));
    }

    private void AssertAllRead(bool isLinked = false)
    {
        for (var i = 0; i < Subjects; i += 7)
            Assert.That(_test.Read(Subject(i), Name)?.Split(" name ").Length, Is.EqualTo(isLinked ? 2 : 1), $"subject {i}");
    }

    private Pseudonym[] Pseudonyms() => [.. Enumerable.Range(0, Subjects).Select(i => _test.Index.ReadCluster(Subject(i), []).Pseudonym)];

    private Dictionary<SubjectKey, byte[]> Secrets()
    {
        var secrets = new Dictionary<SubjectKey, byte[]>();
        _test.Index.ForEachRecord((subject, record) => secrets.Add(subject, new RecordReader(record, subject, _test.Index.Rows).Secret.ToArray()));
        return secrets;
    }

    private List<uint> Generations()
    {
        var generations = new List<uint>();
        _test.Index.ForEachRecord((_, record) => generations.Add(RecordFormat.GenerationOf(record)));
        return generations;
    }

    private List<byte[]> Rows() => [.. Enumerable.Range(0, Subjects).Select(i => Bytes(_test.Index.Rows.RowOf(Subject(i), _test.Index.Rows.Current)))];

    private static byte[] Bytes(SubjectKey key)
    {
        var bytes = new byte[SubjectKey.Size];
        key.Write(bytes);
        return bytes;
    }

    /// <summary>What a crash at this moment would leave; not made if a file of it is removed meanwhile.</summary>
    private void TryCopyStore(string to)
    {
        try
        {
            CopyStore(_test.Options.Folder, to);
        }
        catch (FileNotFoundException)
        {
            Directory.Delete(to, recursive: true);
        }
    }

    /// <summary>
    /// Two linked records as the version before sealing wrote them, in rows that are the subject keys themselves. No index has been renewed yet.
    /// </summary>
    private async Task PutVersion1Async(SubjectKey subject, SubjectKey other)
    {
        await _test.Index.DisposeAsync();
        using (var store = IndexStore.Open(_test.Options))
        using (var write = new WriteBatch())
        {
            var asOf = BitConverter.GetBytes(Start.UtcTicks);
            byte[] fact = [1, 0, 1, (byte)EntryFlags.Held, .. asOf, (byte)Canary.Length, .. System.Text.Encoding.ASCII.GetBytes(Canary)];
            Put(subject, [RecordFormat.UnsealedVersion, .. fact, 0, .. Bytes(other), 0, 2, 0, .. asOf]);
            Put(other, [RecordFormat.UnsealedVersion, 0, .. Bytes(subject), 0, 2, 0, .. asOf]);
            store.PutState(write, StateKeys.Renewal.ToArray(), null);
            store.Write(write);
            void Put(SubjectKey key, byte[] body) => store.PutSubject(write, key, [.. body, .. BitConverter.GetBytes(RecordFormat.Checksum(key, body))]);
        }
        new CanaryScan(Canary).Files(_test.Options.Folder).VerifyFound();
        await _test.ReopenAsync(isClosed: true);
    }

    private static SubjectKey Subject(int number) => new(0x1234_5678_9ABC_0000 + (ulong)number, 0x0FED_CBA9_8765_4321);
}
