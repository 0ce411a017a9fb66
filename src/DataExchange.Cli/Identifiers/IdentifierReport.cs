using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace DataExchange.Cli.Identifiers;

/// <summary>Writes verdicts as they come: a table on a terminal, tab-separated lines when the output is redirected, or JSON Lines.</summary>
internal static class IdentifierReport
{
    private const int TableRowsMax = 1_000;
    private const int BrokenPipe = 32;

    private static readonly string[] Columns = ["value", "canonical", "valid", "shape", "checksum", "date", "area"];

    /// <returns>How many verdicts were taken, and whether all were valid. Stops quietly when the reader of the output has gone.</returns>
    public static (long Read, bool AllValid) WriteToStandardOutput(IEnumerable<IdentifierVerdict> verdicts, bool json)
    {
        var (read, allValid) = (0L, true);
        var counted = verdicts.Select(verdict =>
        {
            read++;
            allValid &= verdict.Valid;
            return verdict;
        });
        if (!json && !Console.IsOutputRedirected)
        {
            WriteTables(AnsiConsole.Console, counted);
            return (read, allValid);
        }
        try
        {
            using var output = new StreamWriter(OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
            WriteLines(output, counted, json);
        }
        catch (IOException gone) when (gone.HResult == BrokenPipe)
        {
            // As after `| head -1`: what was not wanted need not be computed.
        }
        return (read, allValid);
    }

    public static void WriteLines(TextWriter output, IEnumerable<IdentifierVerdict> verdicts, bool json)
    {
        var header = !json;
        foreach (var verdict in verdicts)
        {
            if (header)
                output.Write(string.Join('\t', Columns) + '\n');
            header = false;
            output.Write((json ? verdict.ToJson() : string.Join('\t', Cells(verdict))) + '\n');
        }
    }

    public static void WriteTables(IAnsiConsole console, IEnumerable<IdentifierVerdict> verdicts)
    {
        foreach (var chunk in verdicts.Chunk(TableRowsMax))
        {
            var table = new Table().Border(TableBorder.Rounded);
            foreach (var column in Columns)
                table.AddColumn(new TableColumn(column).PadLeft(0).PadRight(1));
            foreach (var verdict in chunk)
                table.AddRow(Cells(verdict).Select(cell => Markup.FromInterpolated($"{cell}", verdict.Valid ? Style.Plain : new Style(Color.Red))));
            console.Write(table);
        }
    }

    private static string[] Cells(IdentifierVerdict verdict) =>
    [
        Printable(verdict.Value), verdict.Canonical ?? "-", Word(verdict.Valid), Word(verdict.Shape),
        Word(verdict.Checksum), Word(verdict.Date), Word(verdict.Area),
    ];

    private static string Word(bool? holds) => holds switch { true => "yes", false => "no", null => "-" };

    /// <summary>What a terminal would act on instead of showing (escape sequences, bidirectional marks) is spelled out.</summary>
    private static string Printable(string value)
    {
        var shown = new StringBuilder(value.Length);
        foreach (var c in value)
        {
            if (char.GetUnicodeCategory(c) is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.OtherNotAssigned)
                shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}");
            else
                shown.Append(c);
        }
        return shown.ToString();
    }

    /// <summary>
    /// A pipe is written directly, because the console's stream hides that its reader has gone; an endless input would then be
    /// read for ever. A file is left to the console's stream, which shares its position with other programs.
    /// </summary>
    private static Stream OpenStandardOutput()
    {
        if (OperatingSystem.IsWindows())
            return Console.OpenStandardOutput();
        var direct = new FileStream(new SafeFileHandle(1, ownsHandle: false), FileAccess.Write, bufferSize: 0);
        return direct.CanSeek ? Console.OpenStandardOutput() : direct;
    }
}
