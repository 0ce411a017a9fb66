using System.Collections.Frozen;
using DataExchange.Broker.Catalogue;

namespace DataExchange.Broker.Governance;

/// <summary>Counts working days: Monday to Friday without the calendar's holidays, and the weekend days that it says are worked.</summary>
internal static class WorkingDays
{
    /// <summary>The midnight that ends the last of so many working days; the day of <paramref name="from"/> itself does not count.</summary>
    public static DateTimeOffset EndAfter(DateTimeOffset from, int days, IReadOnlyList<CalendarDayConfig> calendar, TimeZoneInfo zone)
    {
        var exceptions = calendar.ToFrozenDictionary(day => day.Day, day => day.Working);
        var day = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(from, zone).DateTime);
        for (var left = days; left > 0;)
        {
            day = day.AddDays(1);
            if (exceptions.TryGetValue(day, out var working) ? working : day.DayOfWeek is not (DayOfWeek.Saturday or DayOfWeek.Sunday))
                left--;
        }

        var midnight = day.AddDays(1).ToDateTime(TimeOnly.MinValue);
        // A midnight that the clocks skip is the moment they skip at.
        while (zone.IsInvalidTime(midnight))
            midnight = midnight.AddMinutes(30);
        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).ToUniversalTime();
    }
}
