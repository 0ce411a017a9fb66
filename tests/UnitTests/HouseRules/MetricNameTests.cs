using System.Text.Json;
using System.Text.RegularExpressions;
using NUnit.Framework;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>Alert rules and dashboards ask for nothing that no process measures: a misspelt name is an alert that never comes.</summary>
internal sealed partial class MetricNameTests
{
    /// <summary>Measured by others: the scraper itself, and the web server, whose meter Hosting exports.</summary>
    private static readonly string[] OfOthers = ["up", .. Names("Histogram", "http.server.request.duration", "s")];

    [Test]
    public void Alerts_EveryMetric_IsMeasuredInTheCode() =>
        AssertMeasured(AlertExpression().Matches(Repository.Read("deploy/prometheus/alerts.yaml")).Select(match => match.Groups[1].Value));

    [Test]
    public void Dashboard_EveryMetric_IsMeasuredInTheCode()
    {
        using var dashboard = JsonDocument.Parse(Repository.Read("deploy/grafana/dataexchange.json"));

        AssertMeasured(dashboard.RootElement.GetProperty("panels").EnumerateArray()
            .SelectMany(panel => panel.GetProperty("targets").EnumerateArray())
            .Select(target => target.GetProperty("expr").GetString()!));
    }

    private static void AssertMeasured(IEnumerable<string> expressions)
    {
        var used = expressions.Select(expression => (Expression: expression, Metrics: MetricsOf(expression))).ToList();
        var measured = Instruments().SelectMany(instrument => Names(instrument.Kind, instrument.Name, instrument.Unit)).Concat(OfOthers).ToHashSet();

        Assert.That(used, Has.Count.GreaterThan(7));
        Assert.That(used.Where(use => use.Metrics.Count == 0).Select(use => use.Expression), Is.Empty, "no metric found");
        Assert.That(used.SelectMany(use => use.Metrics).Where(name => !measured.Contains(name)), Is.Empty);
    }

    private static IEnumerable<(string Kind, string Name, string Unit)> Instruments()
    {
        foreach (var path in Repository.Files("src", "*.cs"))
        {
            var text = Repository.Read(path);
            foreach (Match made in Creation().Matches(text))
            {
                var name = made.Groups["name"].Value;
                if (name[0] != '"')
                    name = Regex.Match(text, $"const string {name} = (\"[^\"]+\")").Groups[1].Value;
                yield return (made.Groups["kind"].Value, name.Trim('"'), made.Groups["unit"].Value);
            }
        }
    }

    /// <summary>As the Prometheus exporter spells them.</summary>
    private static string[] Names(string kind, string name, string unit)
    {
        var plain = name.Replace('.', '_') + unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        return kind switch
        {
            "Histogram" => [$"{plain}_bucket", $"{plain}_sum", $"{plain}_count"],
            "Counter" or "ObservableCounter" => [$"{plain}_total"],
            _ => [plain],
        };
    }

    /// <summary>The words that are neither functions nor labels.</summary>
    private static List<string> MetricsOf(string expression) => [.. Word().Matches(NoMetric().Replace(expression, "")).Select(match => match.Value)];

    [GeneratedRegex("""Create(?<kind>\w+?)(?:<\w+>)?\(\s*(?<name>"dataexchange[^"]+"|[A-Z]\w*),[^"]*"(?<unit>[^"]*)",""")]
    private static partial Regex Creation();

    [GeneratedRegex(@"^ *expr: (.+)$", RegexOptions.Multiline)]
    private static partial Regex AlertExpression();

    [GeneratedRegex(@"\{[^}]*\}|\[[^\]]*\]|\b(?:by|on) \([^)]*\)")]
    private static partial Regex NoMetric();

    [GeneratedRegex(@"\b[a-z][a-z0-9_]*\b(?!\s*\()")]
    private static partial Regex Word();
}
