using System.Diagnostics;
using System.Diagnostics.Metrics;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Broker.Budget;

/// <summary>Who is refused for what budget; the alarm rests on it.</summary>
internal static class BudgetMetrics
{
    private static readonly Counter<long> Refused =
        ExchangeDiagnostics.Meter.CreateCounter<long>("dataexchange.budget.refused", "{lookup}", "Lookups refused because a budget is spent, by department and budget.");

    private static readonly string[] Names = ["requests", "subjects", "neighbours", "case", "operator_requests", "operator_subjects"];

    public static string NameOf(BudgetPart part) => Names[(int)part];

    public static void Record(DepartmentId department, BudgetPart part) =>
        Refused.Add(1, new TagList { { "department", department.Value }, { "budget", NameOf(part) } });
}
