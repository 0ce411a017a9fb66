using Spectre.Console;
using Spectre.Console.Rendering;

namespace DataExchange.Cli.Top;

/// <summary>A look as a page of the terminal; what can only be told from two looks, rates, is told against the one before.</summary>
internal static class TopView
{
    public static IRenderable Page(HubLook look, HubLook? before)
    {
        var seconds = before is null ? 0 : (look.At - before.At).TotalSeconds;
        var departments = new Table().Border(TableBorder.Rounded).AddColumns("Department").AddColumn(Right("Applied")).AddColumn(Right("Changes/s"))
            .AddColumn(Right("Heard of")).AddColumn(Right("Missing")).AddColumn("Trouble");
        foreach (var department in look.Departments)
        {
            var was = before?.Departments.FirstOrDefault(other => other.Name == department.Name);
            departments.AddRow(
                Markup.Escape(department.Name),
                $"{department.Watermark:N0}",
                Rate(department.Watermark, was?.Watermark, seconds),
                department.AgeSeconds is { } age ? $"{ValueText.Of(TimeSpan.FromSeconds(age))} ago" : "never",
                department.Missing == 0 ? "" : $"[red]{department.Missing:N0}[/]",
                department.Trouble.Length == 0 ? "" : $"[red]{Markup.Escape(department.Trouble)}[/]");
        }

        var lines = new List<IRenderable>
        {
            new Markup($"[bold]Hub[/] {Status(look.Status)}   {look.Entries:N0} answered or refused, {Rate(look.Entries, before?.Entries, seconds)}/s   {look.At:HH:mm:ss} UTC"),
            departments,
        };
        if (look.Queues.Count > 0)
            lines.Add(new Markup(string.Join("   ", look.Queues.Select(queue => Queue(queue.Key, queue.Value)))));
        lines.AddRange(look.Checks.Select(check => new Markup($"{Status(check.Status)} [bold]{Markup.Escape(check.Name)}[/]: {Markup.Escape(check.Description)}")));
        return new Rows(lines);
    }

    private static string Rate(ulong now, ulong? was, double seconds) => was is { } then && seconds > 0 && now >= then ? $"{(now - then) / seconds:N0}" : "-";

    private static string Status(string status) => $"[{(status switch { "Healthy" => "green", "Degraded" => "yellow", _ => "red" })}]{Markup.Escape(status)}[/]";

    /// <summary>A queue beside the hub's own is to be empty.</summary>
    private static string Queue(string name, long waiting) =>
        $"{Markup.Escape(name)} {(waiting > 0 && (name.EndsWith("_error", StringComparison.Ordinal) || name.EndsWith("_skipped", StringComparison.Ordinal)) ? $"[red]{waiting:N0}[/]" : $"{waiting:N0}")}";

    private static TableColumn Right(string title) => new TableColumn(title).RightAligned().NoWrap();
}
