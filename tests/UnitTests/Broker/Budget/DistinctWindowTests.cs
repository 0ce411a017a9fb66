using DataExchange.Broker.Budget;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Budget;

/// <summary>What a budget counts with: who was seen within a window, and how often lately.</summary>
internal sealed class DistinctWindowTests
{
    private const ulong Group = 7;

    [Test]
    public void FirstLeaves_EmptyOrWithMembers_IsNeverOrTheOldest()
    {
        var window = new DistinctWindow(10);
        Assert.That(window.FirstLeaves, Is.Zero);
        window.Add(1, DistinctWindow.NoGroup, now: 100);
        window.Add(2, DistinctWindow.NoGroup, now: 105);
        Assert.That((window.FirstLeaves, window.Wait(103), window.Wait(200)), Is.EqualTo((110, TimeSpan.FromMinutes(7), TimeSpan.FromMinutes(1))));
    }

    [Test]
    public void Touch_AMember_StaysAsLongAsOneJustAddedAndNeverShorter()
    {
        var window = new DistinctWindow(10);
        window.Add(1, Group, now: 100);
        window.Add(2, Group, now: 100);
        Assert.That((window.Touch(1, 108), window.Touch(1, 103), window.Touch(3, 103)), Is.EqualTo((true, true, false)));

        window.Forget(117);

        Assert.That((window.Count, window.WeightOf(Group), window.WeightOf(DistinctWindow.NoGroup), window.Touch(2, 117)), Is.EqualTo((1, 1L, 1L, false)));
        Assert.That(window.FirstLeaves, Is.EqualTo(118));
    }

    [TestCase(false, 2)]
    [TestCase(true, 6)]
    public void WeightOf_AGroup_IsItsMembersOrTheirWeights(bool weighs, long before)
    {
        var window = new DistinctWindow(10, weighs);
        window.Add(1, Group, now: 100, weight: 5);
        window.Add(2, Group, now: 109);
        Assert.That((window.WeightOf(Group), window.WeightOf(DistinctWindow.NoGroup)), Is.EqualTo((before, 6L)));
        window.Weigh(2, 3);
        window.Weigh(9, 3);

        window.Forget(110);

        Assert.That((window.WeightOf(Group), window.WeightOf(DistinctWindow.NoGroup)), Is.EqualTo((weighs ? 3L : 1L, 3L)));
        window.Forget(119);
        Assert.That((window.Count, window.WeightOf(Group), window.WeightOf(DistinctWindow.NoGroup)), Is.EqualTo((0, 0L, 0L)));
    }

    [Test]
    public void IsSpent_AtTheLimit_MakesRoomOfWhoHasLeft()
    {
        var window = new DistinctWindow(10);
        window.Add(1, Group, now: 100);
        Assert.That((window.IsSpent(Group, 2, 101), window.IsSpent(Group, 1, 101), window.IsSpent(8, 1, 101)), Is.EqualTo((false, true, false)));
        window.Add(2, DistinctWindow.NoGroup, now: 101);
        Assert.That(window.IsSpent(Group, 1, 109), "not yet");
        Assert.That(window.IsSpent(Group, 1, 110), Is.False, "the first has left");
        Assert.That(window.Count, Is.EqualTo(1), "the second has not");
    }

    [Test]
    public void Forget_AgainInTheSameMinute_DoesNotLookThroughAll()
    {
        var window = new DistinctWindow(10);
        window.Forget(200);
        // Left long ago, had anybody looked.
        window.Add(1, Group, now: 100);

        window.Forget(200);
        Assert.That(window.Count, Is.EqualTo(1));
        window.Forget(201);
        Assert.That(window.Count, Is.Zero);
    }

    [Test]
    public void TryTake_ByTheMinute_CountsWhatLiesWithinTheLastSixtySeconds()
    {
        var rate = new RequestRate(2);
        var start = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Assert.That((rate.TryTake(start), rate.TryTake(start), rate.TryTake(start)), Is.EqualTo((true, true, false)));
        Assert.That(rate.TryTake(start.AddSeconds(60)), Is.False, "both still count");
        Assert.That(rate.TryTake(start.AddSeconds(91)), Is.True, "one of them has left by half a minute");
        Assert.That((rate.TryTake(start.AddMinutes(4)), rate.TryTake(start.AddMinutes(4))), Is.EqualTo((true, true)), "minutes later none counts");
        Assert.That(
            (rate.IsOfLate(start.AddMinutes(4)), rate.IsOfLate(start.AddMinutes(5)), rate.IsOfLate(start.AddMinutes(6))), Is.EqualTo((true, true, false)));
    }
}
