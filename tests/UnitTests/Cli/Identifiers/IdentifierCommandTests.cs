using System.CommandLine;
using System.IO.Pipes;
using System.Text.Json;
using DataExchange.Cli.Identifiers;
using DataExchange.Contracts;
using Microsoft.Win32.SafeHandles;
using NUnit.Framework;
using Spectre.Console;

namespace DataExchange.UnitTests.Cli.Identifiers;

[TestFixture]
internal sealed class IdentifierCommandTests
{
    private static readonly DateOnly Today = new(2026, 1, 15);

    [Test]
    public void WriteLines_Json_HasThePromisedFieldsInOrder()
    {
        using var json = JsonDocument.Parse(Lines(json: true, "110105491231002"));
        Assert.That(json.RootElement.EnumerateObject().Select(property => $"{property.Name}={property.Value}"), Is.EqualTo([
            "scheme=cn-resident", "value=110105491231002", "canonical=11010519491231002X", "valid=True", "shape=True", "checksum=", "date=True", "area=True",
        ]));
    }

    [Test]
    public void WriteLines_Json_IsOneObjectALine()
    {
        var lines = Lines(json: true, "a\nb", "\"", "\u001B[31m").TrimEnd('\n').Split('\n');
        Assert.That(lines.Select(line => JsonDocument.Parse(line).RootElement.GetProperty("value").GetString()), Is.EqualTo(["a\nb", "\"", "\u001B[31m"]));
    }

    [Test]
    public void WriteLines_Plain_IsTabSeparatedUnderAHeader() => Assert.That(Lines(json: false, "11010519491231002x", "110105194912310021"), Is.EqualTo(
        "value\tcanonical\tvalid\tshape\tchecksum\tdate\tarea\n" +
        "11010519491231002x\t11010519491231002X\tyes\tyes\tyes\tyes\tyes\n" +
        "110105194912310021\t-\tno\tyes\tno\tyes\tyes\n"));

    [Test]
    public void WriteLines_ControlCharacters_AreSpelledOut() =>
        Assert.That(Lines(json: false, "\u001B[31m\t\u202E"), Does.Contain("\n\\u001B[31m\\u0009\\u202E\t-\tno"));

    [Test]
    public void WriteTables_MarkupInAValue_IsShownAsItStands()
    {
        var output = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output), Ansi = AnsiSupport.No });
        IdentifierReport.WriteTables(console, Verdicts("[red]", "11010519491231002X"));
        Assert.That(output.ToString(), Does.Contain("[red]").And.Contain("11010519491231002X").And.Contain("checksum"));
    }

    [Test]
    [Platform("Linux")]
    public void WriteUntilReaderLeaves_ReaderGone_EndsQuietlyThoughTheInputIsEndless()
    {
        using var pipe = new AnonymousPipeServerStream(PipeDirection.In);
        using var output = new FileStream(new SafeFileHandle(pipe.ClientSafePipeHandle.DangerousGetHandle(), ownsHandle: false), FileAccess.Write, 0);
        var taken = 0;
        var endless = Enumerable.Repeat("11010519491231002X", int.MaxValue).Select(value =>
        {
            if (++taken == 3)
                pipe.Dispose();
            return Verdicts(value).Single();
        });
        IdentifierReport.WriteUntilReaderLeaves(output, endless, json: true);
        Assert.That(taken, Is.EqualTo(3));
    }

    [Test]
    [Platform("Linux")]
    public void WriteUntilReaderLeaves_DiskFull_Throws()
    {
        using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        Assert.That(() => IdentifierReport.WriteUntilReaderLeaves(full, Verdicts("1"), json: true), Throws.InstanceOf<IOException>());
    }

    [TestCase("identifier check cn-resident 11010519491231002X", 0, "")]
    [TestCase("identifier check cn-resident 11010519491231002X -1", 1, "")]
    [TestCase("identifier check cn-resident -- --json", 1, "")]
    [TestCase("identifier check cn-resident --jsno", 2, "--json")]
    [TestCase("identifier check no-such 1", 2, "cn-resident, cn-uscc")]
    public void Invoke_Arguments_GiveExitCodeAndAdvice(string commandLine, int exitCode, string advice)
    {
        var error = new StringWriter();
        var configuration = new InvocationConfiguration { Error = error, Output = TextWriter.Null };
        var root = new RootCommand { IdentifierCommand.Create() };
        Assert.That(root.Parse(commandLine).Invoke(configuration), Is.EqualTo(exitCode));
        Assert.That(error.ToString(), advice.Length == 0 ? Is.Empty : Does.Contain(advice));
    }

    private static string Lines(bool json, params string[] values)
    {
        var output = new StringWriter();
        IdentifierReport.WriteLines(output, Verdicts(values), json);
        return output.ToString();
    }

    private static IEnumerable<IdentifierVerdict> Verdicts(params string[] values) =>
        values.Select(value => IdentifierVerdict.Of(new CnResidentScheme(), value, Today));
}
