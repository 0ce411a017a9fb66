using DataExchange.Broker.Catalogue.Reading;

namespace DataExchange.Cli.Governance;

/// <summary>A catalogue file on its way to the hub: read and checked here, since only here are the key files that it names.</summary>
internal static class ProposedFile
{
    /// <summary>The file with its keys inline.</summary>
    /// <exception cref="UsageException">It cannot be read, or breaks the rules.</exception>
    public static string Read(FileInfo file)
    {
        try
        {
            using var yaml = file.OpenRead();
            var reading = CatalogueReader.Read(yaml, file.DirectoryName!);
            return reading.File is not null ? CatalogueWriter.Write(reading.File) : throw new UsageException(string.Join('\n', reading.Errors));
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The catalogue file cannot be read: {unreadable.Message}");
        }
    }

    public static string ReadText(FileInfo file)
    {
        try
        {
            return File.ReadAllText(file.FullName);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"{file.Name} cannot be read: {unreadable.Message}");
        }
    }
}
