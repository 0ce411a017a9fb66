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
    private const int Subjects = 2_000;
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
        Assert.That(WrappingKeys.Create(_test.Options.WrappingKeyFolder), Is.EqualTo(2));

        var renewal = _test.Index.Renewal.RunAsync(CancellationToken.None);
        ulong written = 0;
        do
        {
            AssertAllRead();
            await _test.ApplyAsync(Civil, Subjects + ++written, Held(Subject(0), Marital, $"{written}"));
        }
        while (!renewal.IsCompleted);
        Assert.That(await renewal, Is.True);
        Assert.That(_test.Index.Renewal.WrappedUnder, Is.EqualTo(2));

        await _test.Index.DisposeAsync();
        File.Delete(Path.Combine(_test.Options.WrappingKeyFolder, "wrapping-1.key"));
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
        WrappingKeys.Create(_test.Options.WrappingKeyFolder);
        await _test.Index.Renewal.RunAsync(CancellationToken.None);
        await _test.Index.DisposeAsync();

        var files = Directory.GetFiles(_test.Options.Folder).SelectMany(File.ReadAllBytes).ToArray();
        await _test.ReopenAsync(isClosed: true);
        Assert.That(wrapped.Values.Where(old => files.AsSpan().IndexOf(old.AsSpan(4)) >= 0), Is.Empty);
        Assert.That(Secrets().Values.Count(now => files.AsSpan().IndexOf(now.AsSpan(4)) >= 0), Is.GreaterThan(Subjects / 2), "the search does find what is there");
    }

    [Test]
    public async Task Run_KilledAnywhere_GoesOnWhereItWasAndLosesNobody()
    {
        await FillAsync();
        var pseudonyms = Pseudonyms();
        WrappingKeys.Create(_test.Options.WrappingKeyFolder);
        using var copies = new TempFolder();
        var renewal = _test.Index.Renewal.RunAsync(CancellationToken.None);
        var killed = new List<string>();
        do
        {
            killed.Add(copies[$"{killed.Count}"]);
            TestIndex.CopyStore(_test.Options.Folder, killed[^1]);
        }
        while (!renewal.IsCompleted && killed.Count < 20);
        await renewal;
        await _test.Index.DisposeAsync();

        var begun = 0;
        foreach (var folder in killed)
        {
            _test.Options.Folder = folder;
            await _test.ReopenAsync(isClosed: true);
            AssertAllRead();
            Assert.That(Pseudonyms(), Is.EqualTo(pseudonyms));
            begun += Secrets().Values.Count(secret => WrappingKey.NumberOf(secret) == 2) is > 0 and < Subjects ? 1 : 0;
            await _test.Index.Renewal.RunAsync(CancellationToken.None);
            Assert.That(Secrets().Values.Select(secret => WrappingKey.NumberOf(secret)), Has.All.EqualTo(2));
            AssertAllRead();
            await _test.Index.DisposeAsync();
        }
        await _test.ReopenAsync(isClosed: true);
        TestContext.Out.WriteLine($"{killed.Count} copies, {begun} of them half done");
    }

    [Test]
    public async Task Run_RecordsOfVersion1_AreReadAtOnceAndSealedByAndBy()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "x"), Link(Ann, Bob));
        await PutVersion1Async(Ann, Canary);
        Assert.That(_test.Read(Bob, Name), Is.EqualTo(Canary), "read as it is");
        await _test.ApplyAsync(Civil, 3, Held(Ann, Marital, "single"));
        Assert.That(_test.Read(Ann, Name, Marital), Is.EqualTo($"{Canary} single"), "sealed by what is written next");

        await PutVersion1Async(Ann, Canary);
        new CanaryScan(Canary).Files(_test.Options.Folder).VerifyFound();
        Assert.That(await _test.Index.Renewal.RunAsync(CancellationToken.None), Is.True);
        Assert.That(_test.Read(Ann, Name), Is.EqualTo(Canary));
        await _test.ReopenAsync();
        Assert.That(_test.Read(Ann, Name), Is.EqualTo(Canary));
        new CanaryScan(Canary).Files(_test.Options.Folder).VerifyNone();
    }

    [Test]
    public async Task Run_KeyFileOfTheWrongLength_KeepsTheFormerKey()
    {
        await FillAsync();
        var path = Path.Combine(_test.Options.WrappingKeyFolder, "wrapping-2.key");
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

    private void AssertAllRead()
    {
        for (var i = 0; i < Subjects; i += 7)
            Assert.That(_test.Read(Subject(i), Name), Is.EqualTo($"name {i}"));
    }

    private Pseudonym[] Pseudonyms() => [.. Enumerable.Range(0, Subjects).Select(i => _test.Index.ReadCluster(Subject(i), []).Pseudonym)];

    private Dictionary<SubjectKey, byte[]> Secrets()
    {
        var secrets = new Dictionary<SubjectKey, byte[]>();
        _test.Index.ForEachRecord((subject, record) => secrets[subject] = new RecordReader(record, subject).Secret.ToArray());
        return secrets;
    }

    /// <summary>A record as the version before sealing wrote it, in a store that knows of no wrapping key.</summary>
    private async Task PutVersion1Async(SubjectKey subject, string name)
    {
        await _test.Index.DisposeAsync();
        using (var store = IndexStore.Open(_test.Options))
        using (var write = new WriteBatch())
        {
            byte[] body = [RecordFormat.UnsealedVersion, 1, 0, 1, (byte)EntryFlags.Held, .. BitConverter.GetBytes(Start.UtcTicks), (byte)name.Length, .. System.Text.Encoding.ASCII.GetBytes(name), 0];
            byte[] link = new byte[SubjectKey.Size];
            Bob.Write(link);
            body = [.. body, .. link, 0, 2, 0, .. BitConverter.GetBytes(Start.UtcTicks)];
            store.PutSubject(write, subject, [.. body, .. BitConverter.GetBytes(RecordFormat.Checksum(subject, body))]);
            store.PutState(write, StateKeys.Renewal.ToArray(), null);
            store.Write(write);
        }
        await _test.ReopenAsync(isClosed: true);
    }

    private static SubjectKey Subject(int number) => new(1_000 + (ulong)number, 1);
}
