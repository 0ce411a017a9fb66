using System.ComponentModel.DataAnnotations;

namespace DataExchange.Broker.Budget;

/// <summary>What one department may spend for one purpose. Reached limits refuse what is new and let what was asked already go on.</summary>
public abstract class BudgetLimits
{
    /// <summary>Lookups in any 60 s. Default 1,000,000, 1 to 10^9.</summary>
    [Range(1, 1_000_000_000)]
    public int RequestsPerMinuteMax { get; set; } = 1_000_000;

    /// <summary>
    /// Different subjects within <see cref="BudgetOptions.Window"/>; bounds memory too, at about 40 bytes each. Default 200,000, 1 to 10^7.
    /// </summary>
    [Range(1, 10_000_000)]
    public int SubjectsMax { get; set; } = 200_000;

    /// <summary>How many subjects one counts for of whom nothing that was asked is known: who guesses numbers mostly misses. Default 20, 1 to 1,000.</summary>
    [Range(1, 1_000)]
    public int MissWeight { get; set; } = 20;

    /// <summary>
    /// Different resident numbers of one area and birthday (the same first 14 digits) within the window. Default 10, 0 to 1,000; 0 switches
    /// it off, for a purpose that goes through whole populations.
    /// </summary>
    [Range(0, 1_000)]
    public int NeighboursMax { get; set; } = 10;

    /// <summary>Different subjects asked about in one business case within the window. Default 100, 0 to 10^6; 0 switches it off.</summary>
    [Range(0, 1_000_000)]
    public int SubjectsPerCaseMax { get; set; } = 100;

    /// <summary>Lookups of one official, where the question names one, in any 60 s. Default 1,000, 0 to 10^6; 0 switches it off.</summary>
    [Range(0, 1_000_000)]
    public int OperatorRequestsPerMinuteMax { get; set; } = 1_000;

    /// <summary>
    /// Different subjects of one official within the window, misses weighing <see cref="MissWeight"/>. Default 2,000, 0 to 10^6; 0 switches it off.
    /// </summary>
    [Range(0, 1_000_000)]
    public int OperatorSubjectsMax { get; set; } = 2_000;
}
