using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Governance;
using NUnit.Framework;

namespace DataExchange.UnitTests.Broker.Governance;

[TestFixture]
public sealed class WorkingDaysTests
{
    [TestCase("2026-02-02T09:00:00Z", 10, "2026-02-17T00:00:00Z", Description = "Monday: the tenth working day is the Monday two weeks later")]
    [TestCase("2026-02-06T09:00:00Z", 1, "2026-02-10T00:00:00Z", Description = "Friday: the weekend does not count")]
    [TestCase("2026-02-07T09:00:00Z", 1, "2026-02-10T00:00:00Z", Description = "nor does it when one asks in it")]
    public void EndAfter_PlainWeeks_SkipsWeekends(string from, int days, string end) =>
        Assert.That(WorkingDays.EndAfter(DateTimeOffset.Parse(from), days, [], TimeZoneInfo.Utc), Is.EqualTo(DateTimeOffset.Parse(end)));

    [Test]
    public void EndAfter_Calendar_SkipsHolidaysAndCountsWorkedWeekends()
    {
        // China's National Day 2026: off from Thursday 1 to Wednesday 7, and Saturday 10 is worked.
        CalendarDayConfig[] calendar =
        [
            .. Enumerable.Range(1, 7).Select(day => new DateOnly(2026, 10, day)).Where(day => day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))
                .Select(day => new CalendarDayConfig(day, Working: false)),
            new(new DateOnly(2026, 10, 10), Working: true),
        ];

        var end = WorkingDays.EndAfter(new DateTimeOffset(2026, 9, 30, 8, 0, 0, TimeSpan.Zero), 4, calendar, TimeZoneInfo.Utc);

        Assert.That(end, Is.EqualTo(new DateTimeOffset(2026, 10, 13, 0, 0, 0, TimeSpan.Zero)), "Thursday 8, Friday 9, Saturday 10, Monday 12");
    }

    [Test]
    public void EndAfter_TimeZone_CountsItsDays()
    {
        var shanghai = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai");

        // There it is Tuesday already.
        var end = WorkingDays.EndAfter(new DateTimeOffset(2026, 2, 2, 20, 0, 0, TimeSpan.Zero), 1, [], shanghai);

        Assert.That(end, Is.EqualTo(new DateTimeOffset(2026, 2, 4, 16, 0, 0, TimeSpan.Zero)), "the midnight that ends Wednesday in Shanghai");
    }
}
