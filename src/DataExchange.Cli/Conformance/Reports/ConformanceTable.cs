using Spectre.Console;

namespace DataExchange.Cli.Conformance.Reports;

/// <summary>The report for people: what is broken first explained, then one row a rule.</summary>
internal static class ConformanceTable
{
    public static void Write(IAnsiConsole console, ConformanceReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Rule", "About", "", "What must hold; what was seen; what to do");
        foreach (var line in report.Rules)
        {
            table.AddRow(
                new Text(line.Rule),
                new Text(line.About ?? ""),
                new Markup(line.Outcome switch { Outcome.Held => "[green]held[/]", Outcome.Broken => "[red]BROKEN[/]", _ => "[yellow]not run[/]" }),
                new Text(line.Outcome switch
                {
                    Outcome.Held => line.Holds,
                    Outcome.Broken => $"{line.Holds}\nSeen: {line.Seen}\nTo mend it: {line.Way}",
                    _ => $"{line.Holds}\nNot run: {line.Seen}. {line.Way}",
                }));
        }

        console.Write(table);
        console.MarkupLineInterpolated($"{report.Department}: {report.Held} held, {report.Broken} broken, {report.NotRun} not run, in {report.Seconds:N1} s");
    }
}
