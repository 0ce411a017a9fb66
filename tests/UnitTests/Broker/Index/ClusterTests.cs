using System.Collections.Frozen;
using System.Text;
using DataExchange.Broker.Index;
using DataExchange.Contracts;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Index.TestIndex;

namespace DataExchange.UnitTests.Broker.Index;

/// <summary>What a lookup finds: under the identifier itself and under all linked to it.</summary>
internal sealed class ClusterTests
{
    private TestIndex _test = null!;

    [SetUp]
    public void SetUp() => _test = new TestIndex();

    [TearDown]
    public async Task TearDown() => await _test.DisposeAsync();

    [Test]
    public async Task Read_Facts_AreAsPublished()
    {
        var asOf = new DateTimeOffset(2020, 5, 6, 7, 8, 9, TimeSpan.FromHours(8));
        await _test.ApplyAsync(Civil, 1, VerifiedChange.Set(Ann, Name, asOf, Encoding.UTF8.GetBytes("where"), held: false), Held(Ann, Marital, "single"));
        var result = _test.Index.ReadCluster(Ann, [Marital, Income, Name]);
        using (Assert.EnterMultipleScope())
        {
            Assert.That(result.Outcome, Is.EqualTo(ClusterOutcome.Read));
            Assert.That(result.Facts, Has.Length.EqualTo(2));
            Assert.That(result.Facts[0], Is.EqualTo(new Fact(Marital, Civil, 2, Start, result.Facts[0].Content, Held: true)));
            Assert.That(result.Facts[1], Is.EqualTo(new Fact(Name, Civil, 1, asOf.ToUniversalTime(), result.Facts[1].Content, Held: false)));
            Assert.That(Encoding.UTF8.GetString(result.Facts[0].Content.Span), Is.EqualTo("single"));
            Assert.That(Encoding.UTF8.GetString(result.Facts[1].Content.Span), Is.EqualTo("where"));
        }
    }

    [Test]
    public async Task Read_NotAskedForOrUnknown_IsNotGiven()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"), Held(Ann, Marital, "single"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Read(Ann, Marital), Is.EqualTo("single"));
            Assert.That(_test.Read(Ann, Income), Is.Empty);
            Assert.That(_test.Read(Bob, Name), Is.Empty);
        }
    }

    [Test]
    public async Task Read_Withdrawn_IsAbsentAndLateOlderValuesDoNotBringItBack()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"));
        await _test.ApplyAsync(Civil, 3, Withdraw(Ann, Name));
        await _test.ApplyAsync(Civil, 2, Held(Ann, Name, "late"));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Read(Ann, Name), Is.Empty);
            Assert.That(_test.Index.Statistics, Is.EqualTo(default(IndexStatistics)));
        }
        await _test.ApplyAsync(Civil, 4, Held(Ann, Name, "again"));
        Assert.That(_test.Read(Ann, Name), Is.EqualTo("again"));
    }

    [Test]
    public async Task Read_LinkedThroughOthers_FindsAllFromAnySide()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "a"), Held(Cai, Income, "c"), Link(Ann, Bob), Link(Cai, Bob));
        foreach (var start in new[] { Ann, Bob, Cai })
            Assert.That(_test.Read(start, Name, Income), Is.EqualTo("a c"));
        Assert.That(_test.Index.Statistics, Is.EqualTo(new IndexStatistics(3, 2, 2)));
    }

    [Test]
    public async Task Read_Unlinked_IsApartAgainWhicheverSideSaysSo()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "a"), Held(Bob, Name, "b"), Link(Ann, Bob));
        await _test.ApplyAsync(Civil, 4, Unlink(Bob, Ann));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Read(Ann, Name), Is.EqualTo("a"));
            Assert.That(_test.Read(Bob, Name), Is.EqualTo("b"));
            Assert.That(_test.Index.Statistics, Is.EqualTo(new IndexStatistics(2, 2, 0)));
        }
    }

    [Test]
    public async Task Read_TwoDepartmentsLinkAndOneUnlinks_StaysLinked()
    {
        await _test.ApplyAsync(Civil, 1, Held(Bob, Name, "b"), Link(Ann, Bob));
        await _test.ApplyAsync(Tax, 1, Link(Bob, Ann));
        Assert.That(_test.Index.Statistics.Links, Is.EqualTo(2));
        await _test.ApplyAsync(Civil, 3, Unlink(Ann, Bob));
        Assert.That(_test.Read(Ann, Name), Is.EqualTo("b"));
        await _test.ApplyAsync(Tax, 2, Unlink(Ann, Bob));
        Assert.That(_test.Read(Ann, Name), Is.Empty);
    }

    [Test]
    public async Task Read_LinkOfADepartmentThatMayNotLinkAnyMore_IsNotFollowed()
    {
        await _test.ApplyAsync(Civil, 1, Held(Cai, Name, "c"), Link(Bob, Cai));
        await _test.ApplyAsync(Tax, 1, Link(Ann, Bob));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Reached(Civil, Tax), Is.EqualTo((3, 1)));
            Assert.That(Reached(Civil), Is.EqualTo((1, 0)));
            Assert.That(Reached(Tax), Is.EqualTo((2, 0)));
            Assert.That(_test.Index.PseudonymsOf(Bob, new[] { Civil }.ToFrozenSet()), Has.Length.EqualTo(2));
        }

        (int, int) Reached(params DepartmentId[] linkers)
        {
            var result = _test.Index.ReadCluster(Ann, [Name], linkers.ToFrozenSet());
            return (result.Identifiers, result.Facts.Length);
        }
    }

    [Test]
    public async Task Read_LinkOfAKeyWithItself_SaysNothing()
    {
        await _test.ApplyAsync(Civil, 1, Link(Ann, Ann));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Stream(Civil).Watermark, Is.EqualTo(1));
            Assert.That(_test.Index.Statistics, Is.EqualTo(default(IndexStatistics)));
            Assert.That(_test.Index.ReadCluster(Ann, [Name]).Identifiers, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task Read_AtTheBound_IsReadAndOverItRefused([Values] bool chain)
    {
        await using var test = new TestIndex(configure: options => options.ClusterIdentifiersMax = 5);
        static SubjectKey Member(int i) => new(100 + (ulong)i, 0);
        VerifiedChange Join(int i) => Link(Member(chain ? i - 1 : 0), Member(i));
        await test.ApplyAsync(Civil, 1, Held(Member(4), Name, "4"), Join(1), Join(2), Join(3), Join(4));
        for (var i = 0; i < 5; i++)
            Assert.That(test.Read(Member(i), Name), Is.EqualTo("4"));

        await test.ApplyAsync(Civil, 6, Join(5));
        for (var i = 0; i < 6; i++)
        {
            var result = test.Index.ReadCluster(Member(i), [Name]);
            Assert.That((result.Outcome, result.Facts.Length), Is.EqualTo((ClusterOutcome.TooLarge, 0)));
        }
    }

    [Test]
    public async Task Read_RecordWithVeryManyLinks_IsRefusedAtTheFirstTooMany()
    {
        await _test.ApplyAsync(Batch(Civil, 1, [.. Enumerable.Range(1, 20_000).Select(i => Link(Ann, new SubjectKey(100, (ulong)i)))]));
        var result = _test.Index.ReadCluster(Ann, [Name]);
        Assert.That((result.Outcome, result.Identifiers), Is.EqualTo((ClusterOutcome.TooLarge, _test.Options.ClusterIdentifiersMax + 1)));
    }

    [Test]
    public async Task Read_SeveralOfOneAttribute_NewestFirst()
    {
        VerifiedChange Dated(SubjectKey subject, AttributeId attribute, int day) =>
            VerifiedChange.Set(subject, attribute, Start.AddDays(day), Encoding.UTF8.GetBytes($"{attribute.Name}-{day}"), held: true);
        await _test.ApplyAsync(Civil, 1, Dated(Ann, Name, 1), Dated(Bob, Name, 3), Dated(Cai, Name, 2), Dated(Bob, Income, 9), Link(Ann, Bob), Link(Bob, Cai));
        Assert.That(_test.Read(Cai, Name, Income), Is.EqualTo("name-3 name-2 name-1 income-9"));
    }

    [Test]
    public async Task Read_WhileWritten_SeesOneMomentOfAllRecords()
    {
        await _test.ApplyAsync(Civil, 1, Link(Ann, Bob), Held(Ann, Name, "0"), Held(Bob, Name, "0"));
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var reads = 0;
            for (; !done.IsCancellationRequested; reads++)
            {
                var values = _test.Read(Ann, Name)!.Split(' ');
                Assert.That(values, Has.Length.EqualTo(2));
                Assert.That(values[0], Is.EqualTo(values[1]), "both are written in one batch");
            }
            return reads;
        })).ToArray();
        for (ulong i = 2; i < 600; i++)
            await _test.ApplyAsync(Civil, i * 2, Held(Ann, Name, $"{i}"), Held(Bob, Name, $"{i}"));
        await done.CancelAsync();
        Assert.That(await Task.WhenAll(readers), Has.All.GreaterThan(0));
    }

    [Test]
    public async Task Read_DamagedRecord_IsUnavailableAndShowsInHealth()
    {
        await _test.ApplyAsync(Civil, 1, Held(Ann, Name, "ann"), Held(Bob, Name, "bob"));
        await _test.DamageAsync(Ann);
        var health = new IndexHealthCheck(_test.Index);
        Assert.That((await health.CheckHealthAsync(new())).Status, Is.EqualTo(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy));
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_test.Index.ReadCluster(Ann, [Name]).Outcome, Is.EqualTo(ClusterOutcome.Unavailable));
            Assert.That(_test.Read(Bob, Name), Is.EqualTo("bob"));
            Assert.That((await health.CheckHealthAsync(new())).Status, Is.EqualTo(Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Unhealthy));
        }
    }
}
