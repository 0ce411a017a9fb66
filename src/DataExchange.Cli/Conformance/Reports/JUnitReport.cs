using System.Globalization;
using System.Xml.Linq;

namespace DataExchange.Cli.Conformance.Reports;

/// <summary>The report as build servers read it: one suite an area, one case a rule, what was not run as skipped.</summary>
internal static class JUnitReport
{
    public static XDocument Of(ConformanceReport report) => new(
        new XElement("testsuites", Counts(report.Rules), new XAttribute("name", $"conformance of {report.Department}"), new XAttribute("time", Seconds(report.Seconds)),
            report.Rules.GroupBy(line => line.Area).Select(area => new XElement("testsuite",
                new XAttribute("name", area.Key),
                Counts([.. area]),
                new XAttribute("timestamp", report.Began.UtcDateTime.ToString("s", CultureInfo.InvariantCulture)),
                area.Select(Case)))));

    private static XElement Case(ReportLine line)
    {
        var name = line.About is null ? $"{line.Rule} {line.Holds}" : $"{line.Rule} [{line.About}] {line.Holds}";
        var test = new XElement("testcase", new XAttribute("classname", $"conformance.{line.Area}"), new XAttribute("name", name));
        if (line.Outcome == Outcome.Broken)
            test.Add(new XElement("failure", new XAttribute("type", line.Rule), new XAttribute("message", line.Seen ?? ""), $"To mend it: {line.Way}"));
        if (line.Outcome == Outcome.NotRun)
            test.Add(new XElement("skipped", new XAttribute("message", $"{line.Seen}. {line.Way}")));
        return test;
    }

    private static XAttribute[] Counts(IReadOnlyList<ReportLine> lines) =>
    [
        new("tests", lines.Count),
        new("failures", lines.Count(line => line.Outcome == Outcome.Broken)),
        new("errors", 0),
        new("skipped", lines.Count(line => line.Outcome == Outcome.NotRun)),
    ];

    private static string Seconds(double seconds) => seconds.ToString("0.###", CultureInfo.InvariantCulture);
}
