using System.Text.Json.Serialization;
using Spectre.Console;

namespace DataExchange.Cli.Audit;

/// <summary>What <c>dx audit verify</c> says.</summary>
/// <param name="Log">Its origin.</param>
/// <param name="Entries">That the checkpoint vouches for; null if it cannot be believed.</param>
/// <param name="Root">Base64.</param>
/// <param name="Continues">What the first entry names as the log before; null for the first log of a hub.</param>
/// <param name="First">Time of the first entry.</param>
/// <param name="Last">The latest time of an entry.</param>
/// <param name="CosignedAt">By witness.</param>
/// <param name="BadEntry">The first entry concerned by the finding, where one can be named.</param>
/// <param name="File">Where the finding is.</param>
/// <param name="Finding">Null if every byte is as it must be.</param>
internal sealed record VerificationReport(
    string Log,
    ulong? Entries,
    string? Root,
    ContinuedLog? Continues,
    DateTimeOffset? First,
    DateTimeOffset? Last,
    IReadOnlyDictionary<string, DateTimeOffset> CosignedAt,
    ulong? BadEntry,
    string? File,
    string? Finding,
    double Seconds)
{
    [JsonPropertyOrder(-1)]
    public bool Whole => Finding is null;

    public void Write(IAnsiConsole console)
    {
        var table = new Table().Border(TableBorder.Rounded).HideHeaders().AddColumns("", "");
        table.AddRow("log", Markup.Escape(Log));
        if (Entries is { } entries)
            table.AddRow("entries", $"{entries:N0}");
        if (Root is not null)
            table.AddRow("root", Root);
        if (Continues is { } before)
            table.AddRow("continues", Markup.Escape($"{before.Log}, {before.Entries:N0} entries, root {before.Root}"));
        if (First is { } first)
            table.AddRow("from", $"{first:yyyy-MM-dd HH:mm:ss}Z");
        if (Last is { } last)
            table.AddRow("to", $"{last:yyyy-MM-dd HH:mm:ss}Z");
        foreach (var (witness, moment) in CosignedAt)
            table.AddRow("cosigned by", $"{Markup.Escape(witness)} at {moment:yyyy-MM-dd HH:mm:ss}Z");
        table.AddRow("took", $"{Seconds:N1} s");
        console.Write(table);
        if (Whole)
            console.MarkupLine("[green]Whole: every byte is what the keys vouch for.[/]");
        else
            console.MarkupLineInterpolated($"[red]Not whole:[/] {(BadEntry is { } entry ? $"entry {entry}, " : "")}{File}: {Finding}");
    }
}

/// <param name="Log">Its origin.</param>
/// <param name="Root">Base64, as is that of the checkpoint it ended with.</param>
internal sealed record ContinuedLog(string Log, ulong Entries, string Root);
