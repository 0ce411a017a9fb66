using System.Globalization;

namespace DataExchange.AdapterHost.Mapping;

/// <summary>Reads moments in one format; those that name no offset are of one zone. A clock hour that a zone has twice is taken as its first. Thread safe.</summary>
internal sealed class MomentReader(string? format, string? timeZone)
{
    public const string DayFormat = "yyyy-MM-dd";

    private static readonly string[] Iso =
    [
        "yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", "yyyy-MM-dd HH:mm:ssK", "yyyy-MM-dd HH:mm:ss.FFFFFFFK", "yyyy-MM-dd'T'HH:mmK", DayFormat,
    ];

    private readonly string[] _formats = format is null ? Iso : [format];
    private readonly TimeZoneInfo _zone = timeZone is null ? TimeZoneInfo.Utc : TimeZoneInfo.FindSystemTimeZoneById(timeZone);

    public bool TryRead(string text, out DateTimeOffset moment)
    {
        moment = default;
        if (!DateTime.TryParseExact(text, _formats, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out var read))
            return false;
        if (read.Kind == DateTimeKind.Unspecified)
        {
            // An hour that the zone leaves out was never on a clock.
            if (_zone.IsInvalidTime(read))
                return false;
            var offset = _zone.IsAmbiguousTime(read) ? _zone.GetAmbiguousTimeOffsets(read).Max() : _zone.GetUtcOffset(read);
            if (read.Ticks < offset.Ticks || read.Ticks - offset.Ticks > DateTime.MaxValue.Ticks)
                return false;
            moment = new DateTimeOffset(read.Ticks - offset.Ticks, TimeSpan.Zero);
            return true;
        }

        moment = new DateTimeOffset(read);
        return true;
    }
}
