using System.Diagnostics;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Ingest;
using DataExchange.Contracts;
using DataExchange.Hosting;
using Google.Protobuf;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

[TestFixture]
internal sealed class ChangeIngestTests
{
    [Test]
    public async Task Apply_GoodBatch_IsInTheIndexOnceAndTheSecondTimeADuplicate()
    {
        await using var hub = new IngestHub();

        var first = await hub.ApplyAsync(Plain(1, changes: 3));
        var second = await hub.ApplyAsync(Plain(1, changes: 3));

        Assert.Multiple(() =>
        {
            Assert.That(first, Is.EqualTo(new BatchOutcome(BatchResult.Applied, null, 1, 3)));
            Assert.That(second, Is.EqualTo(new BatchOutcome(BatchResult.Duplicate, null, 1, 3)));
            Assert.That(hub.Income()?.Sequence, Is.EqualTo(3));
        });
    }

    [Test]
    public async Task Apply_Envelope_IsReadAsFromTheBus()
    {
        await using var hub = new IngestHub();

        var outcome = await hub.Ingest.ApplyAsync(Sign(Plain(1)).ToByteArray(), CancellationToken.None);

        Assert.That(outcome.Result, Is.EqualTo(BatchResult.Applied));
    }

    [TestCase(new byte[] { 0xFF, 0xFF }, TestName = "Apply_EnvelopeThatIsNoMessage_IsMalformed")]
    [TestCase(new byte[0], TestName = "Apply_EmptyEnvelope_IsMalformed")]
    [TestCase(null, TestName = "Apply_EnvelopeOverTheLimit_IsMalformed")]
    public async Task Apply_WrongEnvelope_IsMalformed(byte[]? envelope)
    {
        await using var hub = new IngestHub();

        var outcome = await hub.Ingest.ApplyAsync(envelope ?? new byte[WireLimits.BatchBytesMax + 1_025], CancellationToken.None);

        Assert.That((outcome.Result, outcome.Error?.Reason), Is.EqualTo((BatchResult.Rejected, ErrorReasons.BatchMalformed)));
        Assert.That(hub.Rejections.Unproven(), Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Apply_UnlinkAfterTheRightToLinkWasTakenAway_TakesTheLinkBackAndNoOtherDepartments()
    {
        var linking = IngestSamples.File with { LinkRights = [.. IngestSamples.File.LinkRights, new(Housing, "cn-resident", "cn-uscc")] };
        await using var hub = new IngestHub(CatalogueOf(linking));
        var (link, unlink) = (Only(1, Batch().Changes[9]), Only(2, Batch().Changes[10]));
        await hub.ApplyAsync(link);
        await ApplyOfHousingAsync(hub, link.Clone());

        hub.Catalogue.Replace(CatalogueSnapshot.Of(2, IngestSamples.File with { LinkRights = [] }));

        Assert.That((await hub.ApplyAsync(Only(2, link.Changes[0]))).Error?.Reason, Is.EqualTo(ErrorReasons.LinkNotAllowed));
        Assert.That(((await hub.ApplyAsync(unlink)).Result, hub.Index.Statistics.Links), Is.EqualTo((BatchResult.Applied, 1)));
        Assert.That(((await ApplyOfHousingAsync(hub, unlink.Clone())).Result, hub.Index.Statistics.Links), Is.EqualTo((BatchResult.Applied, 0)));
    }

    [Test]
    public async Task Apply_SameSequenceWithOtherContent_IsQuarantinedAndSoIsWhatFollows()
    {
        await using var hub = new IngestHub();
        await hub.ApplyAsync(Plain(1));
        var rewritten = Plain(1);
        rewritten.Changes[0].Set.Value.Integer++;

        var outcome = await hub.ApplyAsync(rewritten);
        var next = await hub.ApplyAsync(Plain(2));

        Assert.Multiple(() =>
        {
            Assert.That((outcome.Result, outcome.Error?.Reason, outcome.Watermark), Is.EqualTo((BatchResult.Quarantined, ErrorReasons.SequenceRewritten, 1UL)));
            Assert.That((next.Result, next.Error?.Reason), Is.EqualTo((BatchResult.Quarantined, ErrorReasons.ProviderQuarantined)));
            Assert.That(hub.Income()?.Sequence, Is.EqualTo(1));
        });
    }

    [Test]
    public async Task Apply_OtherEpoch_IsQuarantined()
    {
        await using var hub = new IngestHub();
        await hub.ApplyAsync(Plain(1));
        var other = Plain(2);
        other.StreamEpoch = ByteString.CopyFrom(new byte[WireLimits.EpochBytes]);

        var outcome = await hub.ApplyAsync(other);

        Assert.That((outcome.Result, outcome.Error?.Reason), Is.EqualTo((BatchResult.Quarantined, ErrorReasons.EpochUnknown)));
    }

    [Test]
    public async Task Apply_WrongBatch_LeavesAGapAndIsRememberedUntilItIsMended()
    {
        await using var hub = new IngestHub();
        await hub.ApplyAsync(Plain(1));
        var wrong = Plain(2);
        wrong.Changes[0].Set.Attribute = "address";

        var outcome = await hub.ApplyAsync(wrong);
        var next = await hub.ApplyAsync(Plain(3));

        Assert.Multiple(() =>
        {
            Assert.That((outcome.Result, outcome.Error?.Reason, outcome.FirstSequence, outcome.Watermark),
                Is.EqualTo((BatchResult.Rejected, ErrorReasons.AttributeNotOwned, 2UL, 1UL)));
            Assert.That((next.Result, next.Watermark), Is.EqualTo((BatchResult.Applied, 1UL)));
            Assert.That(hub.Rejections.Standing(Tax, hub.Watermark), Has.Count.EqualTo(1));
        });

        var mended = IngestSamples.File with { Attributes = [.. IngestSamples.File.Attributes, new(AttributeId.Parse("tax/address"), "", Wire.ValueType.Integer, Wire.Holding.Held)] };
        hub.Catalogue.Replace(CatalogueSnapshot.Of(2, mended));
        var again = await hub.ApplyAsync(wrong);

        Assert.That((again.Result, again.Watermark), Is.EqualTo((BatchResult.Applied, 3UL)));
        Assert.That(hub.Rejections.Standing(Tax, hub.Watermark), Is.Empty);
    }

    [Test]
    public async Task Apply_BatchThatADepartmentHasNotSigned_DoesNotDiscreditIt()
    {
        await using var hub = new IngestHub();

        var outcome = await hub.Ingest.ApplyAsync(Sign(Plain(1), HousingKey), caller: null, parent: default, CancellationToken.None);

        Assert.Multiple(() =>
        {
            Assert.That((outcome.Result, outcome.Error?.Reason), Is.EqualTo((BatchResult.Rejected, ErrorReasons.SignerMismatch)));
            Assert.That(hub.Rejections.Departments, Is.Empty);
            Assert.That(hub.Rejections.Unproven(), Has.Count.EqualTo(1));
            Assert.That(hub.Index.Streams.All, Is.Empty);
        });
    }

    [Test]
    public async Task Apply_IndexUnavailable_IsUndecidedAndNobodysFault()
    {
        await using var hub = new IngestHub();
        hub.Index.Condition.WriteFailure = new IOException("disk");

        var outcome = await hub.ApplyAsync(Plain(1));

        Assert.That((outcome.Result, outcome.Error?.Reason), Is.EqualTo((BatchResult.Unavailable, ErrorReasons.IndexUnavailable)));
        Assert.That(hub.Rejections.Departments, Is.Empty);
    }

    [Test]
    public async Task Apply_NoCatalogueYet_IsUndecided()
    {
        await using var hub = new IngestHub(new CatalogueState());

        Assert.That((await hub.ApplyAsync(Plain(1))).Result, Is.EqualTo(BatchResult.Unavailable));
    }

    [Test]
    public async Task Apply_ManyAtOnceInAnyOrderAndTwice_AppliesEachOnce()
    {
        await using var hub = new IngestHub();
        var random = new Random(20260115);
        var firsts = Enumerable.Range(0, 100).Concat(Enumerable.Range(0, 100)).Select(n => ((ulong)n * 5) + 1).ToArray();
        random.Shuffle(firsts);

        var outcomes = await Task.WhenAll(firsts.Select(first => Task.Run(() => hub.ApplyAsync(Plain(first, changes: 5)).AsTask())));

        Assert.Multiple(() =>
        {
            Assert.That(outcomes.Count(o => o.Result == BatchResult.Applied), Is.EqualTo(100));
            Assert.That(outcomes.Count(o => o.Result == BatchResult.Duplicate), Is.EqualTo(100));
            Assert.That(hub.Watermark, Is.EqualTo(500));
            Assert.That(hub.Income()?.Sequence, Is.EqualTo(500));
        });
    }

    [Test]
    public async Task Apply_GoodAndWrongBatches_AreCountedByDepartmentAndResult()
    {
        await using var hub = new IngestHub();
        using var batches = new MetricCollector<long>(ExchangeDiagnostics.Meter, "dataexchange.ingest.batches");
        using var changes = new MetricCollector<long>(ExchangeDiagnostics.Meter, "dataexchange.ingest.changes");
        using var durations = new MetricCollector<double>(ExchangeDiagnostics.Meter, "dataexchange.ingest.duration");

        await hub.ApplyAsync(Plain(1, changes: 3));
        await hub.Ingest.ApplyAsync(Sign(Plain(4), HousingKey), caller: null, parent: default, CancellationToken.None);

        Assert.Multiple(() =>
        {
            Assert.That(batches.GetMeasurementSnapshot().Select(m => (m.Tags["department"], m.Tags["result"], m.Value)),
                Is.EqualTo(new (object?, object?, long)[] { ("tax", "applied", 1), ("unproven", "rejected", 1) }));
            Assert.That(changes.GetMeasurementSnapshot().Select(m => m.Value), Is.EqualTo(new[] { 3L }));
            Assert.That(durations.GetMeasurementSnapshot(), Has.Count.EqualTo(2));
        });
    }

    [Test]
    public async Task Apply_WithinAPublishersTrace_ContinuesIt()
    {
        await using var hub = new IngestHub();
        var applied = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source == ExchangeDiagnostics.ActivitySource,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = applied.Add,
        };
        ActivitySource.AddActivityListener(listener);
        using var publish = new Activity("publish").Start();

        await hub.ApplyAsync(Plain(1));

        var apply = applied.Single(a => a.TraceId == publish.TraceId);
        Assert.That((apply.OperationName, apply.ParentSpanId), Is.EqualTo(("ingest apply", publish.SpanId)));
    }

    [Test]
    public async Task Apply_WrongBatch_IsLoggedWithoutWhatItHolds()
    {
        var logs = new FakeLogCollector();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(new FakeLoggerProvider(logs)));
        await using var hub = new IngestHub(loggers: loggers);
        var wrong = Batch();
        wrong.Changes[1].Set.Value.Text = "CANARY\u0001";

        await hub.ApplyAsync(wrong);

        var written = logs.GetSnapshot().Single(record => record.Id.Id == 2200);
        Assert.That(written.Message, Does.Contain("VALUE_REFUSED").And.Contain("changes[1].set.value"));
        Assert.That(logs.GetSnapshot().Select(record => record.Message), Has.None.Contains("CANARY").And.None.Contains(Resident));
    }

    private static Wire.ChangeBatch Only(ulong first, Wire.Change change)
    {
        var batch = Plain(first, changes: 0);
        batch.Changes.Add(change);
        return batch;
    }

    private static ValueTask<BatchOutcome> ApplyOfHousingAsync(IngestHub hub, Wire.ChangeBatch batch)
    {
        batch.Department = Housing.Value;
        return hub.Ingest.ApplyAsync(Sign(batch, HousingKey), Housing, parent: default, CancellationToken.None);
    }
}
