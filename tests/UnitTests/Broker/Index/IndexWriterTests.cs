using CsCheck;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using DataExchange.Testing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Index.TestIndex;

namespace DataExchange.UnitTests.Broker.Index;

internal sealed class IndexWriterTests
{
    /// <summary>Three departments, each a stream of random batches over few subjects, so that they meet.</summary>
    private static readonly Gen<VerifiedBatch[]> Streams = Gen.Select(Stream("civil-affairs"), Stream("tax"), Stream("land"), (a, b, c) => (VerifiedBatch[])[.. a, .. b, .. c]);

    [Test]
    public async Task Apply_AnyOrderWithRepetitions_GivesTheSameIndex() => await
        Gen.Select(Streams, Gen.Int[0, int.MaxValue]).SampleAsync(
            async (batches, seed) =>
            {
                await using var ordered = new TestIndex();
                foreach (var batch in batches)
                    Assert.That(await ordered.ApplyAsync(batch), Is.EqualTo(ApplyOutcome.Applied));

                var random = new Random(seed);
                await using var shuffled = new TestIndex(configure: options => options.GroupBatchesMax = random.Next(1, 9));
                VerifiedBatch[] deliveries = [.. batches, .. batches.Where(_ => random.Next(2) == 0)];
                random.Shuffle(deliveries);
                var half = random.Next(deliveries.Length + 1);
                var outcomes = await Task.WhenAll(deliveries[..half].Select(shuffled.ApplyAsync));
                await shuffled.ReopenAsync();
                outcomes = [.. outcomes, .. await Task.WhenAll(deliveries[half..].Select(shuffled.ApplyAsync))];

                Assert.That(outcomes.Count(o => o == ApplyOutcome.Applied), Is.EqualTo(batches.Length));
                Assert.That(outcomes.Count(o => o == ApplyOutcome.Duplicate), Is.EqualTo(deliveries.Length - batches.Length));
                Assert.That(shuffled.Index.ComputeDigest(), Is.EqualTo(ordered.Index.ComputeDigest()));
                Assert.That(shuffled.Index.Statistics, Is.EqualTo(ordered.Index.Statistics));
            },
            iter: 12, threads: 2);

    [Test]
    public async Task Statistics_RandomHistories_AreWhatAReaderFinds() => await Streams.SampleAsync(
        async batches =>
        {
            await using var test = new TestIndex();
            await Task.WhenAll(batches.Select(test.ApplyAsync));
            var facts = batches.SelectMany(b => b.Changes.ToArray().Select(c => (c.Subject, c.Attribute))).Where(f => f.Attribute != default).Distinct().ToArray();
            var links = batches.SelectMany(b => b.Changes.ToArray().Select((c, i) => (b.Department, Sequence: b.FirstSequence + (ulong)i, Change: c)))
                .Where(s => s.Change.Kind is ChangeKind.Link or ChangeKind.Unlink && s.Change.Subject != s.Change.Other)
                .GroupBy(s => (s.Department, s.Change.Subject.CompareTo(s.Change.Other) < 0 ? (s.Change.Subject, s.Change.Other) : (s.Change.Other, s.Change.Subject)))
                .Select(g => g.MaxBy(s => s.Sequence).Change).Where(c => c.Kind == ChangeKind.Link).ToArray();
            var standing = batches.SelectMany(b => b.Changes.ToArray().Select((c, i) => (Sequence: b.FirstSequence + (ulong)i, Change: c)))
                .Where(s => s.Change.Kind is ChangeKind.Set or ChangeKind.Withdraw)
                .GroupBy(s => (s.Change.Subject, s.Change.Attribute)).Select(g => g.MaxBy(s => s.Sequence).Change).Where(c => c.Kind == ChangeKind.Set).ToArray();
            var subjects = standing.Select(c => c.Subject).Concat(links.SelectMany(c => new[] { c.Subject, c.Other })).Distinct().Count();
            Assert.That(test.Index.Statistics, Is.EqualTo(new IndexStatistics(subjects, standing.Length, links.Length)));
        },
        iter: 12, threads: 2);

    [Test]
    public async Task Apply_ManyAtOnce_AreWrittenTogetherAndAllAnswered()
    {
        await using var test = new TestIndex(configure: options => options.QueueBatchesMax = 4);
        var outcomes = await Task.WhenAll(Enumerable.Range(1, 200).Select(i => test.ApplyAsync(Civil, (ulong)i, Held(new SubjectKey((ulong)i, 0), Name, $"{i}"))));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(outcomes, Has.All.EqualTo(ApplyOutcome.Applied));
            Assert.That(test.Stream(Civil).Watermark, Is.EqualTo(200));
            Assert.That(test.Index.Statistics, Is.EqualTo(new IndexStatistics(200, 200, 0)));
        }
    }

    [Test]
    public async Task Apply_Acknowledged_IsThereWhenTheProcessDiesAtOnce()
    {
        await using var test = new TestIndex();
        using var copies = new TempFolder();
        for (ulong i = 1; i <= 20; i++)
        {
            Assert.That(await test.ApplyAsync(Civil, (2 * i) - 1, Held(Ann, Name, $"{i}"), Link(Ann, Bob)), Is.EqualTo(ApplyOutcome.Applied));
            if (i % 5 != 0)
                continue;
            // What is on the disk at this moment, taken without the owner's help.
            var copy = new IndexOptions { Folder = copies[$"{i}"], HubKeyFile = test.Options.HubKeyFile, KeyFolder = test.Options.KeyFolder };
            CopyStore(test.Options.Folder, copy.Folder);
            await using var survivor = SubjectIndex.Open(copy, test.Time, test.Loggers);
            Assert.That(survivor.ComputeDigest(), Is.EqualTo(test.Index.ComputeDigest()));
            Assert.That(survivor.Statistics, Is.EqualTo(test.Index.Statistics));
        }
    }

    [Test]
    public async Task Apply_WriteFails_TheIndexIsUnavailableForGoodAndSaysSo()
    {
        using var logs = new FakeLoggerProvider();
        await using var test = new TestIndex(LoggerFactory.Create(builder => builder.AddProvider(logs)));
        await test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"), Held(Bob, Name, "bob"));
        await test.DamageAsync(Ann);
        using (Assert.EnterMultipleScope())
        {
            var failed = await test.Index.Writer.ApplyAsync(Batch(Civil, 3, Held(Ann, Name, "new"), Held(Cai, Name, "cai")), CancellationToken.None);
            Assert.That(failed.Reason, Is.EqualTo(ErrorReasons.IndexUnavailable));
            Assert.That(await test.ApplyAsync(Tax, 1, Held(Bob, Income, "5")), Is.EqualTo(ApplyOutcome.Unavailable), "never tried again");
            Assert.That(test.Read(Cai, Name), Is.Empty, "nothing of the batch");
            Assert.That(test.Read(Bob, Name), Is.EqualTo("bob"), "what is there can be read");
            Assert.That(test.Stream(Civil).Watermark, Is.EqualTo(2));
            Assert.That((await new IndexHealthCheck(test.Index).CheckHealthAsync(new())).Status, Is.EqualTo(HealthStatus.Unhealthy));
            Assert.That(logs.Collector.GetSnapshot().Select(r => (r.Level, r.Id.Id)), Is.EqualTo(new[] { (LogLevel.Critical, 2400) }));
        }
    }

    [Test]
    public async Task Apply_AfterTheEnd_IsUnavailable()
    {
        await using var test = new TestIndex();
        await test.Index.Writer.DisposeAsync();
        Assert.That(await test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann")), Is.EqualTo(ApplyOutcome.Unavailable));
    }

    [Test]
    public async Task Apply_SequenceZero_IsAFaultOfTheCaller()
    {
        await using var test = new TestIndex();
        Assert.That(async () => await test.ApplyAsync(Civil, 0, Held(Ann, Name, "ann")), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static Gen<VerifiedBatch[]> Stream(string department)
    {
        var id = DepartmentId.Parse(department);
        var subject = Gen.ULong[1, 6].Select(n => new SubjectKey(n % 3, n));
        var change = Gen.Select(Gen.Int[0, 9], subject, subject, Gen.Int[0, 2], Gen.Byte.Array[0, 6]).Select((kind, s, o, a, content) => kind switch
        {
            < 5 => VerifiedChange.Set(s, new AttributeId(id, $"attribute-{a}"), Start, content, held: kind > 1),
            < 7 => VerifiedChange.Withdraw(s, new AttributeId(id, $"attribute-{a}"), Start),
            < 9 => VerifiedChange.Link(s, o, Start),
            _ => VerifiedChange.Unlink(s, o, Start),
        });
        return change.Array[1, 7].Array[1, 10].Select(batches =>
        {
            var first = 1UL;
            return batches.Select(changes =>
            {
                var batch = Batch(id, first, changes);
                first += (ulong)changes.Length;
                return batch;
            }).ToArray();
        });
    }
}
