using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using DataExchange.AdapterHost.Configuration;
using DataExchange.AdapterHost.Sources;

namespace DataExchange.AdapterHost.Files;

/// <summary>The rows of a folder's files. The version is the files' names, lengths and times.</summary>
internal sealed class FileRows(FilesConfig config, TimeProvider time) : IRowSource
{
    // Rounds of waiting for a writer; a file that is written on and on is a problem to be told.
    private const int RoundsMax = 5;

    public async ValueTask<RowVersion> VersionAsync(bool whole, CancellationToken cancellationToken)
    {
        for (var round = 0; round < RoundsMax; round++)
        {
            var files = Find();
            var written = new DateTimeOffset(files.Max(file => file.LastWriteTimeUtc), TimeSpan.Zero);
            var quiet = config.Quiet - (time.GetUtcNow() - written);
            // A time ahead of the clock says nothing about when it was written.
            if (quiet <= TimeSpan.Zero || quiet > config.Quiet)
            {
                var text = string.Join('|', files.Select(file => string.Create(CultureInfo.InvariantCulture, $"{file.Name}:{file.Length}:{file.LastWriteTimeUtc.Ticks}")));
                return new RowVersion(text, written);
            }

            await Task.Delay(quiet, time, cancellationToken);
        }

        throw new SourceStoppedException("is being written to: it is read once it is left alone");
    }

    public async IAsyncEnumerable<SourceRow> ReadAsync(RowVersion version, IReadOnlyList<string> columns, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var files = Find();
        foreach (var file in files)
        {
            foreach (var row in Read(file, columns))
                yield return row with { File = files.Count == 1 ? null : file.Name };
        }

        if (await VersionAsync(whole: true, cancellationToken) != version)
            throw new SourceStoppedException("was changed while it was read: it is read again");
    }

    private IEnumerable<SourceRow> Read(FileInfo file, IReadOnlyList<string> columns) => config.Format switch
    {
        FileFormat.Csv => SeparatedFile.Read(Open(file), config.Separator[0], columns),
        FileFormat.Tsv => SeparatedFile.Read(Open(file), '\t', columns),
        FileFormat.JsonLines => JsonLinesFile.Read(Open(file), columns),
        _ => WorkbookFile.Read(file.FullName, config.Sheet, columns),
    };

    private StreamReader Open(FileInfo file) =>
        new(new FileStream(file.FullName, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 256 * 1024, FileOptions.SequentialScan),
            Encoding.GetEncoding(config.Encoding, EncoderFallback.ExceptionFallback, new DecoderReplacementFallback("\uFFFD")), detectEncodingFromByteOrderMarks: true, 64 * 1024);

    private List<FileInfo> Find()
    {
        var folder = new DirectoryInfo(config.Folder);
        if (!folder.Exists)
            throw new SourceStoppedException("its folder is not there");
        var files = folder.EnumerateFiles(config.Pattern).OrderBy(file => file.Name, StringComparer.Ordinal).ToList();
        if (files.Count == 0)
            throw new SourceStoppedException("no file of its folder has a name of its pattern");
        return config.Newest ? [files[^1]] : files;
    }
}
