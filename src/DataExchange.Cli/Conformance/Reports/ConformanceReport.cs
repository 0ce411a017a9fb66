using System.Text.Json;
using System.Text.Json.Serialization;

namespace DataExchange.Cli.Conformance.Reports;

/// <summary>One run of the kit, as <c>--json</c> prints it and the signed report holds it.</summary>
/// <param name="Department">Whose adapter it was.</param>
/// <param name="Address">Where it listened.</param>
/// <param name="Kit">Version of the kit.</param>
/// <param name="Began">By the kit's clock.</param>
/// <param name="Seconds">That it took.</param>
internal sealed record ConformanceReport(string Department, string Address, string Kit, DateTimeOffset Began, double Seconds, IReadOnlyList<ReportLine> Rules)
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        NewLine = "\n",
    };

    private static readonly JsonSerializerOptions Lines = new(Format) { WriteIndented = true };

    public int Held => Rules.Count(line => line.Outcome == Outcome.Held);

    public int Broken => Rules.Count(line => line.Outcome == Outcome.Broken);

    public int NotRun => Rules.Count(line => line.Outcome == Outcome.NotRun);

    public static ConformanceReport Of(VerifyConfig config, Verdicts verdicts, DateTimeOffset began) => new(
        config.Department.Value,
        config.Address.Authority,
        typeof(ConformanceReport).Assembly.GetName().Version!.ToString(3),
        began,
        Math.Round((TimeProvider.System.GetUtcNow() - began).TotalSeconds, 3),
        [.. verdicts.All.Select(ReportLine.Of)]);

    public static ConformanceReport? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<ConformanceReport>(text, Format);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public string ToJson(bool indented) => JsonSerializer.Serialize(this, indented ? Lines : Format);
}

/// <param name="About">Null where the rule counts once.</param>
/// <param name="Seen">Null where it held.</param>
/// <param name="Way">How to mend it, or how to have it tried; null where it held.</param>
internal sealed record ReportLine(string Rule, string Area, string? About, Outcome Outcome, string Holds, string? Seen, string? Way)
{
    /// <summary>A report stays small, whatever was seen.</summary>
    private const int SeenMax = 300;

    public static ReportLine Of(Verdict verdict) => new(
        verdict.Rule.Id, verdict.Rule.Area, Kept(verdict.About), verdict.Outcome, verdict.Rule.Holds, Kept(verdict.Seen), Kept(verdict.Way));

    private static string? Kept(string text) => text.Length == 0 ? null : text.Length > SeenMax ? text[..SeenMax] + "..." : text;
}
