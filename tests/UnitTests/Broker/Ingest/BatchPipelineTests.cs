using System.Runtime.CompilerServices;
using DataExchange.Broker.Ingest;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Ingest.IngestSamples;

namespace DataExchange.UnitTests.Broker.Ingest;

[TestFixture]
internal sealed class BatchPipelineTests
{
    private const int AtOnce = 4;

    private IngestHub _hub = null!;
    private int _read;
    private bool _ended;

    [SetUp]
    public void OpenHub()
    {
        _hub = new IngestHub();
        (_read, _ended) = (0, false);
    }

    [TearDown]
    public async Task CloseHub() => await _hub.DisposeAsync();

    [Test]
    public async Task ApplyAll_SlowTaker_ReadsOnlySoFarAhead()
    {
        var taken = 0;

        await foreach (var outcome in ApplyAllAsync(Batches(50)))
        {
            taken++;
            Assert.That(outcome.FirstSequence, Is.EqualTo((ulong)taken));
            // One more may be in hand, waiting for its place.
            Assert.That(Volatile.Read(ref _read), Is.LessThanOrEqualTo(taken + AtOnce));
        }

        Assert.That((taken, _hub.Watermark), Is.EqualTo((50, 50UL)));
    }

    [Test]
    public async Task ApplyAll_SourceFails_GivesTheOutcomesOfWhatCameBeforeFirst()
    {
        var outcomes = new List<BatchOutcome>();

        var failure = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            await foreach (var outcome in ApplyAllAsync(Batches(3, fails: true)))
                outcomes.Add(outcome);
        });

        Assert.That((failure!.Message, outcomes.Count(o => o.IsDurable)), Is.EqualTo(("source", 3)));
    }

    [Test]
    public async Task ApplyAll_TakerStops_EndsTheReading()
    {
        await foreach (var outcome in ApplyAllAsync(Batches(int.MaxValue)))
        {
            if (outcome.FirstSequence == 3)
                break;
        }

        Assert.That(_ended, Is.True);
    }

    private IAsyncEnumerable<BatchOutcome> ApplyAllAsync(IAsyncEnumerable<Wire.PublishRequest> batches) =>
        _hub.Ingest.ApplyAllAsync(batches, Tax, AtOnce, CancellationToken.None);

    private async IAsyncEnumerable<Wire.PublishRequest> Batches(
        int count, bool fails = false, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        try
        {
            for (var first = 1; first <= count; first++)
            {
                await Task.Yield();
                cancellationToken.ThrowIfCancellationRequested();
                Interlocked.Increment(ref _read);
                yield return new() { Batch = Sign(Plain((ulong)first)) };
            }

            if (fails)
                throw new InvalidOperationException("source");
        }
        finally
        {
            _ended = true;
        }
    }
}
