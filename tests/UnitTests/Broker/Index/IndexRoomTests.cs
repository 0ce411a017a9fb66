using DataExchange.Broker.Index;
using DataExchange.Testing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using NUnit.Framework;
using static DataExchange.UnitTests.Broker.Index.TestIndex;

namespace DataExchange.UnitTests.Broker.Index;

[TestFixture]
internal sealed class IndexRoomTests
{
    private const int DiskMegabytes = 48;

    [Test]
    public async Task Apply_DiskNearlyFull_IsUnavailableUntilThereIsRoomAgainAndLosesNothing()
    {
        using var disk = new SmallDisk(DiskMegabytes);
        await using var test = Open(disk, freeBytesMin: 4 << 20);
        Assert.That(await ApplyAsync(test, 1), Is.EqualTo(ApplyOutcome.Applied));

        File.WriteAllBytes(disk["filler"], new byte[new DriveInfo(disk["index"]).AvailableFreeSpace - (2 << 20)]);

        Assert.That(await ApplyAsync(test, 2), Is.EqualTo(ApplyOutcome.Unavailable));
        Assert.That((test.Index.Condition.WriteFailure, await HealthAsync(test)), Is.EqualTo(((Exception?)null, HealthStatus.Unhealthy)));
        Assert.That((test.Stream(Tax).Watermark, test.Index.Statistics.Facts), Is.EqualTo((1UL, 1L)), "nothing of it is written");
        Assert.That(test.Read(Subject(1), Income), Is.EqualTo(Content(1)), "what is there is read");

        File.Delete(disk["filler"]);

        Assert.That(await HealthAsync(test), Is.EqualTo(HealthStatus.Healthy));
        Assert.That(await ApplyAsync(test, 2), Is.EqualTo(ApplyOutcome.Applied), "the same batch again");
        Assert.That((test.Stream(Tax).Watermark, test.Index.Statistics.Facts), Is.EqualTo((2UL, 2L)));
    }

    /// <summary>Twice as much as the disk holds, while the store writes its tables and merges them beside it.</summary>
    [Test]
    public async Task Apply_MoreThanTheDiskHolds_IsRefusedBeforeAnyWriteFails()
    {
        using var disk = new SmallDisk(DiskMegabytes);
        await using var test = Open(disk, freeBytesMin: 4 << 20);
        var (written, refused) = (0, 0);

        while (written + refused < 1_600)
        {
            if (await ApplyAsync(test, written + 1) == ApplyOutcome.Applied)
                written++;
            else
                refused++;
        }

        Assert.That((written > 100, refused > 0, test.Index.Condition.WriteFailure), Is.EqualTo((true, true, (Exception?)null)), $"{written} written, {refused} refused");
        await test.ReopenAsync();
        Assert.That((test.Stream(Tax).Watermark, test.Index.Statistics.Facts), Is.EqualTo(((ulong)written, (long)written)));
        Assert.That(test.Read(Subject(written), Income), Is.EqualTo(Content(written)));
    }

    /// <summary>What the floor is for, and that it is the floor which helps.</summary>
    [Test]
    public async Task Apply_DiskFullWithoutAFloor_FailsForGood()
    {
        using var disk = new SmallDisk(DiskMegabytes);
        await using var test = Open(disk, freeBytesMin: 0);
        var written = 0;
        while (await ApplyAsync(test, written + 1) == ApplyOutcome.Applied)
            written++;

        Assert.That(test.Index.Condition.WriteFailure, Is.Not.Null);
    }

    private static TestIndex Open(SmallDisk disk, long freeBytesMin) =>
        new(configure: options => (options.Folder, options.FreeBytesMin) = (disk["index"], freeBytesMin));

    /// <summary>60 kB that cannot be packed much.</summary>
    private static string Content(int number)
    {
        var bytes = new byte[45_000];
        new Random(number).NextBytes(bytes);
        return Convert.ToBase64String(bytes);
    }

    private static SubjectKey Subject(int number) => new(7, (ulong)number);

    private static Task<ApplyOutcome> ApplyAsync(TestIndex test, int number) =>
        test.ApplyAsync(Tax, (ulong)number, Held(Subject(number), Income, Content(number)));

    private static async Task<HealthStatus> HealthAsync(TestIndex test) => (await new IndexHealthCheck(test.Index).CheckHealthAsync(new())).Status;
}
