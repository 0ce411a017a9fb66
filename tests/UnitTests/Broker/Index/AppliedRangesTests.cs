using CsCheck;
using DataExchange.Broker.Index;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Index;

internal sealed class AppliedRangesTests
{
    private static readonly DateTimeOffset Start = TestIndex.Start;

    [Test]
    public void TryAdd_AnyRangesInAnyOrder_AgreesWithASetOfNumbers() =>
        Gen.Select(Gen.Select(Gen.ULong[1, 60], Gen.ULong[0, 5]).Array[1, 40], Gen.Int[1, 6]).Sample((wanted, piecesMax) =>
        {
            var (ranges, model) = (new AppliedRanges(0, []), new SortedSet<ulong>());
            foreach (var (first, more) in wanted)
            {
                var range = new AppliedRange(first, first + more, Start.AddSeconds(first));
                var numbers = Numbers(range.First, range.Last);
                Assert.That(ranges.Overlaps(range.First, range.Last), Is.EqualTo(numbers.Any(model.Contains)));
                if (numbers.Any(model.Contains))
                    continue;
                var before = ranges.Watermark;
                if (ranges.TryAdd(range, piecesMax, out var passed))
                    model.UnionWith(numbers);
                else
                    Assert.That(ranges.Above, Has.Count.EqualTo(piecesMax));
                Assert.That(passed.HasValue, Is.EqualTo(ranges.Watermark > before));
            }

            var watermark = 0UL;
            while (model.Contains(watermark + 1))
                watermark++;
            var announced = model.Max + 3;
            Assert.That(ranges.Watermark, Is.EqualTo(watermark));
            Assert.That(ranges.Above.SelectMany(r => Numbers(r.First, r.Last)), Is.EqualTo(model.Where(n => n > watermark)));
            Assert.That(ranges.Missing(announced).SelectMany(m => Numbers(m.First, m.Last)), Is.EqualTo(Numbers(1, announced).Except(model)));
            Assert.That(ranges.Missing(announced), Has.All.Matches<(ulong First, ulong Last)>(m => m.First <= m.Last));
        });

    [Test]
    public void TryAdd_GapFilled_IsCompleteAsOfTheNewestBatchBelowTheWatermark()
    {
        var ranges = new AppliedRanges(0, []);
        ranges.TryAdd(new AppliedRange(3, 4, Start.AddSeconds(9)), 10, out var open);
        ranges.TryAdd(new AppliedRange(1, 2, Start.AddSeconds(5)), 10, out var filled);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(open, Is.Null);
            Assert.That(filled?.PackedAt, Is.EqualTo(Start.AddSeconds(9)));
            Assert.That(ranges.Watermark, Is.EqualTo(4));
        }
    }

    [Test]
    public void TryAdd_TooManyPieces_TakesOnlyWhatJoinsOne()
    {
        var ranges = new AppliedRanges(0, []);
        ranges.TryAdd(new AppliedRange(10, 10, Start), 2, out _);
        ranges.TryAdd(new AppliedRange(20, 20, Start), 2, out _);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(ranges.TryAdd(new AppliedRange(30, 30, Start), 2, out _), Is.False);
            Assert.That(ranges.TryAdd(new AppliedRange(11, 11, Start), 2, out _), Is.True);
            Assert.That(ranges.TryAdd(new AppliedRange(19, 19, Start), 2, out _), Is.True);
            Assert.That(ranges.TryAdd(new AppliedRange(1, 9, Start), 2, out _), Is.True);
            Assert.That(ranges.Watermark, Is.EqualTo(11));
        }
    }

    private static ulong[] Numbers(ulong first, ulong last) => [.. Enumerable.Range(0, (int)(last - first + 1)).Select(i => first + (ulong)i)];
}
