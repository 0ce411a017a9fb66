using System.Text;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Files;
using DataExchange.AdapterHost.Sources;
using DataExchange.Testing;
using MiniExcelLibs;
using NUnit.Framework;

namespace DataExchange.UnitTests.AdapterHost.Files;

/// <summary>The same rows come out of every kind of file.</summary>
internal sealed class FileFormatTests
{
    private static readonly string[] Columns = ["name", "id"];

    [OneTimeSetUp]
    public void KnowEncodings() => Encoding.RegisterProvider(CodePagesEncodingProvider.Instance);

    [TestCase(FileFormat.Csv, "id,spare,name\n1,x,\"a \"\"b\"\",\nc\"\n2,y, d \n3,z,\n", 2, 4, 5)]
    [TestCase(FileFormat.Tsv, "id\tspare\tname\n1\tx\t\"a \"\"b\"\",\nc\"\n2\ty\t d \n3\tz\t\n", 2, 4, 5)]
    [TestCase(FileFormat.JsonLines, "{\"id\":1,\"name\":\"a \\\"b\\\",\\nc\"}\n\n{\"name\":\" d \",\"id\":\"2\"}\n{\"id\":3,\"name\":null}\n", 1, 3, 4)]
    public async Task Read_TextOfAKind_GivesRowsByPlace(FileFormat format, string text, long first, long second, long third)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["rows.txt"], text);

        var rows = await ReadAsync(new FilesConfig { Folder = folder.Path, Pattern = "*.txt", Format = format, Quiet = TimeSpan.Zero });

        Assert.That(rows, Is.EqualTo(new[] { $"{first}: a \"b\",\nc|1", $"{second}: d|2", $"{third}: |3" }));
    }

    [Test]
    public async Task Read_Workbook_GivesCellsAsText()
    {
        using var folder = new TempFolder();
        var day = new DateTime(2026, 1, 31);
        await MiniExcel.SaveAsAsync(folder["rows.xlsx"], new Dictionary<string, object>
        {
            ["first"] = new[] { new { id = 1.0, name = "a" }, new { id = 20.25, name = " b " } },
            ["second"] = new[] { new { id = day, name = true } },
        });
        var config = new FilesConfig { Folder = folder.Path, Pattern = "*.xlsx", Format = FileFormat.Xlsx, Quiet = TimeSpan.Zero };

        var first = await ReadAsync(config);
        config.Sheet = "second";
        var second = await ReadAsync(config);

        Assert.That(first, Is.EqualTo(new[] { "2: a|1", "3: b|20.25" }));
        Assert.That(second, Is.EqualTo(new[] { "2: true|2026-01-31" }));
    }

    [TestCase("gb18030", "张三")]
    [TestCase("windows-1252", "Müller")]
    [TestCase("utf-8", "Ångström 😀")]
    public async Task Read_OtherEncodings_AreDecoded(string encoding, string name)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["rows.csv"], $"id;name\n1;{name}\n", Encoding.GetEncoding(encoding));

        var rows = await ReadAsync(new FilesConfig { Folder = folder.Path, Pattern = "*.csv", Separator = ";", Encoding = encoding, Quiet = TimeSpan.Zero });

        Assert.That(rows, Is.EqualTo(new[] { $"2: {name}|1" }));
    }

    [Test]
    public async Task Read_BytesThatAreNoText_AreMarkedAsUnreadable()
    {
        using var folder = new TempFolder();
        await File.WriteAllBytesAsync(folder["rows.csv"], [.. "id,name\n1,"u8, 0xE4, .. "\n"u8]);

        var rows = await ReadAsync(new FilesConfig { Folder = folder.Path, Pattern = "*.csv", Quiet = TimeSpan.Zero });

        Assert.That(rows, Is.EqualTo(new[] { $"2: {SourceRow.Unreadable}|1" }));
    }

    [TestCase("gbk")]
    [TestCase("shift_jis")]
    public async Task Read_BytesThatAreNoTextOfACodePage_AreMarkedAsUnreadable(string encoding)
    {
        using var folder = new TempFolder();
        await File.WriteAllBytesAsync(folder["rows.csv"], [.. "id,name\n1,a"u8, 0x81, 0x20, .. "b\n"u8]);

        var rows = await ReadAsync(new FilesConfig { Folder = folder.Path, Pattern = "*.csv", Encoding = encoding, Quiet = TimeSpan.Zero });

        Assert.That(rows, Is.EqualTo(new[] { $"2: {SourceRow.Unreadable}|1" }));
    }

    [TestCase("[1]", "must be a JSON object")]
    [TestCase("{\"id\":", "must be a JSON object")]
    public async Task Read_LineThatIsNoObject_IsBrokenAlone(string line, string rule)
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["rows.jsonl"], line + "\n{\"id\":9007199254740993,\"name\":{\"a\":1}}\n");

        var rows = await ReadAsync(new FilesConfig { Folder = folder.Path, Pattern = "*.jsonl", Format = FileFormat.JsonLines, Quiet = TimeSpan.Zero });

        Assert.That(rows, Is.EqualTo(new[] { $"1: {rule}", $"2: {SourceRow.Unreadable}|9007199254740993" }));
    }

    [Test]
    public async Task Read_HalfASurrogatePair_IsUnreadableAlone()
    {
        using var folder = new TempFolder();
        await File.WriteAllTextAsync(folder["rows.jsonl"], "{\"id\":1,\"name\":\"\\ud800\"}\n{\"id\":2,\"name\":\"b\"}\n");

        var rows = await ReadAsync(new FilesConfig { Folder = folder.Path, Pattern = "*.jsonl", Format = FileFormat.JsonLines, Quiet = TimeSpan.Zero });

        Assert.That(rows, Is.EqualTo(new[] { $"1: {SourceRow.Unreadable}|1", "2: b|2" }));
    }

    private static async Task<List<string>> ReadAsync(FilesConfig config)
    {
        var files = new FileRows(config, TimeProvider.System);
        var rows = new List<string>();
        await foreach (var row in files.ReadAsync(await files.VersionAsync(whole: false, CancellationToken.None), Columns, CancellationToken.None))
            rows.Add($"{row.Place}: {row.Broken ?? string.Join('|', row.Cells)}");
        return rows;
    }
}
