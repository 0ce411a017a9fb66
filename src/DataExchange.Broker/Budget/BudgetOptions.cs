using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Budget;

/// <summary>Section <c>Budget</c>: the limits of every purpose that is not named in <see cref="Purposes"/>.</summary>
public sealed class BudgetOptions : BudgetLimits
{
    public const string Section = "Budget";

    /// <summary>How long a subject counts after it was last asked about. Default 24 h, 1 min to 31 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "31.00:00:00")]
    public TimeSpan Window { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How often what was spent is saved; a crash forgets this much at most. Default 15 s, 1 s to 1 h.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan SaveInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Where what was spent outlives a restart. Default: <c>budgets</c> under <c>Hub:DataDirectory</c>.</summary>
    [Required]
    public string Folder { get; set; } = "";

    /// <summary>Purposes with limits of their own. A limit that is not stated has its default, not the section's.</summary>
    [ValidateEnumeratedItems]
    public List<PurposeBudget> Purposes { get; set; } = [];

    /// <summary>The limits of a purpose.</summary>
    internal BudgetLimits For(string purpose) => (BudgetLimits?)Purposes.Find(budget => budget.Purpose == purpose) ?? this;
}

/// <summary>One of <see cref="BudgetOptions.Purposes"/>.</summary>
public sealed class PurposeBudget : BudgetLimits
{
    /// <summary>The purpose code, as in its grants.</summary>
    [Required]
    public string Purpose { get; set; } = "";
}

[OptionsValidator]
internal sealed partial class BudgetOptionsValidator : IValidateOptions<BudgetOptions>;
