using System.Globalization;
using Spectre.Console;

namespace DataExchange.Cli.Bench;

/// <summary>Tells a person what is going on and, at the end, a table; or a program one JSON line a result, as soon as it is there.</summary>
internal sealed class BenchScreen(bool json)
{
    private readonly List<BenchResult> _results = [];

    /// <summary>What is being done now. Goes to standard error, so that standard output holds results only.</summary>
    public static void Step(string text) => Console.Error.WriteLine(text);

    public void Add(BenchResult result)
    {
        if (json)
            Console.WriteLine(result.ToJson().ToJsonString());
        else
            _results.Add(result);
    }

    public void Add(IngestMemory memory)
    {
        if (json)
            Console.WriteLine(memory.ToJson().ToJsonString());
        else
            Step($"  {memory.Changes:N0} changes in {memory.Elapsed.TotalSeconds:N0} s: hub {memory.HubBytes >> 20:N0} MiB, department {memory.DepartmentBytes >> 20:N0} MiB");
    }

    /// <param name="control">What the control columns hold.</param>
    public void Close(string control)
    {
        if (json)
            return;
        // A column a result, a row a figure: fits a terminal however many figures there are.
        var table = new Table().Border(TableBorder.Rounded).AddColumn("");
        foreach (var r in _results)
            table.AddColumn(new TableColumn(Markup.Escape($"{r.Operation}\n{r.Concurrency} x {r.Batch}")).RightAligned());
        Row("per second", r => Number(r.Ours.Rate));
        Row("p50, us", r => Number(r.Ours.P50));
        Row("p99, us", r => Number(r.Ours.P99));
        Row("server CPU, us", r => Fraction(r.Ours.ServerCpu));
        Row("control, per second", r => Number(r.Control.Rate));
        Row("control, server CPU, us", r => Fraction(r.Control.ServerCpu));
        Row("rate / control", r => Fraction(r.RateRatio));
        Row("server CPU / control", r => Fraction(r.ServerCpuRatio));
        foreach (var extra in _results.SelectMany(r => r.Extra.Keys).Distinct())
            Row(extra, r => r.Extra[extra] < 100 ? Fraction(r.Extra[extra]) : Number(r.Extra[extra]));
        AnsiConsole.Write(table);
        AnsiConsole.MarkupLineInterpolated($"[grey]Columns: concurrency x batch. Control: {control}.[/]");

        void Row(string name, Func<BenchResult, string> figure) => table.AddRow([Markup.Escape(name), .. _results.Select(figure)]);
    }

    private static string Number(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Fraction(double value) => value.ToString("N2", CultureInfo.InvariantCulture);
}
