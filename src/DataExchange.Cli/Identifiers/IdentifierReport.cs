using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;
using Spectre.Console;

namespace DataExchange.Cli.Identifiers;

/// <summary>Writes verdicts as they come: a table on a terminal, tab-separated lines when the output is redirected, or JSON Lines.</summary>
internal static class IdentifierReport
{
    private const int TableRowsMax = 1_000;

    // EPIPE. The platform leaves the number of an error it has no exception for in HResult.
    private const int BrokenPipe = 32;

    private static readonly string[] Columns = ["value", "canonical", "valid", "shape", "checksum", "date", "area"];

    public static void WriteToStandardOutput(IEnumerable<IdentifierVerdict> verdicts, bool json)
    {
        if (json || Console.IsOutputRedirected)
            WriteUntilReaderLeaves(OpenStandardOutput(), verdicts, json);
        else
            WriteTables(AnsiConsole.Console, verdicts);
    }

    /// <summary>Writes each line at once, and ends quietly when a pipe's reader has gone, without taking the verdicts left.</summary>
    /// <exception cref="IOException">The output cannot be written for another reason, such as a full disk.</exception>
    public static void WriteUntilReaderLeaves(Stream output, IEnumerable<IdentifierVerdict> verdicts, bool json)
    {
        try
        {
            using var lines = new StreamWriter(output, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = true };
            WriteLines(lines, verdicts, json);
        }
        catch (IOException gone) when (gone.HResult == BrokenPipe)
        {
            // As after `| head -1`: what is not wanted need not be computed.
        }
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
