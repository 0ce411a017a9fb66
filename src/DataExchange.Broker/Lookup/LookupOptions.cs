using System.ComponentModel.DataAnnotations;
using DataExchange.Broker.Audit;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Lookup;

/// <summary>Section <c>Lookup</c>.</summary>
public sealed class LookupOptions
{
    public const string Section = "Lookup";

    /// <summary>Part of every deadline kept back for audit and answer, so that the answer leaves in time. Default 40 ms, 5 ms to 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.005", "00:00:01")]
    public TimeSpan AnswerReserve { get; set; } = TimeSpan.FromMilliseconds(40);

    /// <summary>Longest wait for one attempt at a provider, within the deadline. Default 1 s, 10 ms to 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:30")]
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Further attempts after a failed one; fetching is read-only, so it may be repeated. Default 1, 0 to 5.</summary>
    [Range(0, 5)]
    public int RetriesMax { get; set; } = 1;

    /// <summary>Questions with one provider at once. Default 64, 1 to 10,000.</summary>
    [Range(1, 10_000)]
    public int ProviderConcurrencyMax { get; set; } = 64;

    /// <summary>Questions waiting for one provider; one more is PROVIDER_BUSY. Default 256, 0 to 100,000.</summary>
    [Range(0, 100_000)]
    public int ProviderQueueMax { get; set; } = 256;

    /// <summary>Share of failures within <see cref="CircuitWindow"/> that opens a provider's circuit. Default 0.5.</summary>
    [Range(0.01, 1.0)]
    public double CircuitFailureRatio { get; set; } = 0.5;

    /// <summary>Attempts within the window before the share counts. Default 10, 2 to 10,000.</summary>
    [Range(2, 10_000)]
    public int CircuitAttemptsMin { get; set; } = 10;

    /// <summary>Default 10 s, 500 ms to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan CircuitWindow { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long an open circuit leaves the provider alone. Default 5 s, 500 ms to 10 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00.500", "00:10:00")]
    public TimeSpan CircuitBreak { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A time-out shorter than this does not count against the provider's circuit: a caller with tiny deadlines must not
    /// be able to shut a provider off for the others. Default 250 ms; not over <see cref="AttemptTimeout"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:30")]
    public TimeSpan CircuitTimeoutMin { get; set; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Legal bases, exactly as granted, under which a question may be kept from its subject until a stated time. Default none; at most 100.</summary>
    [MaxLength(100)]
    public IList<string> InvestigationBases { get; } = [];

    /// <summary>For how long at most. Default 365 days, 1 day to 10 years.</summary>
    [Range(typeof(TimeSpan), "1.00:00:00", "3653.00:00:00")]
    public TimeSpan DisclosureDeferredMax { get; set; } = TimeSpan.FromDays(365);

    /// <summary>Whether every question has to name the official who asks. Default false.</summary>
    public bool OperatorRequired { get; set; }

    /// <summary>Messages of one LookupMany stream in work at once. Default 4, 1 to 64.</summary>
    [Range(1, 64)]
    public int StreamMessagesMax { get; set; } = 4;
}

[OptionsValidator]
internal sealed partial class LookupOptionsValidator : IValidateOptions<LookupOptions>;

internal sealed class LookupOptionsCrossValidator(IOptions<AuditOptions> audit) : IValidateOptions<LookupOptions>
{
    public ValidateOptionsResult Validate(string? name, LookupOptions options) =>
        options.CircuitTimeoutMin > options.AttemptTimeout
            ? ValidateOptionsResult.Fail("Lookup:CircuitTimeoutMin must not be over Lookup:AttemptTimeout, or no time-out ever opens a circuit.")
            : options.DisclosureDeferredMax >= audit.Value.Retention
            ? ValidateOptionsResult.Fail("Lookup:DisclosureDeferredMax must be less than Audit:Retention, or a subject never sees what was kept from it.")
            : ValidateOptionsResult.Success;
}
