namespace DataExchange.Broker.Budget;

/// <summary>
/// Lookups in any minute, from two counters: of the former minute so much counts as still lies within the last 60 seconds. Not thread safe.
/// </summary>
internal sealed class RequestRate(int max)
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private long _minute;
    private int _former;
    private int _current;

    /// <summary>Whether any request still counts.</summary>
    public bool IsOfLate(DateTimeOffset now) => _minute >= (now.UtcTicks / Window.Ticks) - 1;

    public bool TryTake(DateTimeOffset now)
    {
        var (minute, into) = Math.DivRem(now.UtcTicks, Window.Ticks);
        // A clock that steps back must not open a new minute.
        if (minute > _minute)
            (_minute, _former, _current) = (minute, minute == _minute + 1 ? _current : 0, 0);
        if (_current + (_former * (1 - ((double)into / Window.Ticks))) >= max)
            return false;
        _current++;
        return true;
    }
}
