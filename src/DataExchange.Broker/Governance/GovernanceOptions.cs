using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Governance;

/// <summary>Section <c>Governance</c>: the clocks of those who decide.</summary>
internal sealed class GovernanceOptions
{
    public const string Section = "Governance";

    /// <summary>
    /// Working days that an owner has to answer a grant request, counted from the day after it was made, by the catalogue's calendar.
    /// Default 10; 1 to 250.
    /// </summary>
    [Range(1, 250)]
    public int AnswerWorkingDays { get; set; } = 10;

    /// <summary>IANA name of the time zone whose days those are. Default UTC.</summary>
    [Required]
    public string TimeZone { get; set; } = "UTC";

    /// <summary>How long a proposal waits for its second person. Default 24 h; 1 min to 24 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan ApproveWithin { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Grant requests that one department may make within 24 h; further ones are refused. Default 500; 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int RequestsPerDayMax { get; set; } = 500;

    /// <summary>How often overdue grant requests and unconfirmed cut-offs are looked for. Default 10 s; 100 ms to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan WatchInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Readings of the whole audit log at once, for replays and explanations; further ones are refused. Default 2; 1 to 16.</summary>
    [Range(1, 16)]
    public int AuditReadingsMax { get; set; } = 2;
}

[OptionsValidator]
internal sealed partial class GovernanceOptionsValidator : IValidateOptions<GovernanceOptions>;

internal sealed class GovernanceZoneValidator : IValidateOptions<GovernanceOptions>
{
    public ValidateOptionsResult Validate(string? name, GovernanceOptions options) => TimeZoneInfo.TryFindSystemTimeZoneById(options.TimeZone, out _)
        ? ValidateOptionsResult.Success
        : ValidateOptionsResult.Fail("Governance:TimeZone must be the IANA name of a time zone, as Asia/Shanghai.");
}
