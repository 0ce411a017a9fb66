using System.CommandLine;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Broker.Catalogue.Storage;

namespace DataExchange.Cli.Catalogue;

/// <summary><c>dx catalogue apply|show</c>: the catalogue's database directly, with or without a hub that runs.</summary>
internal static class CatalogueCommand
{
    public static Command Create() => new("catalogue", "What the exchange trusts: departments, keys, schemes, attributes, grants") { Apply(), Show() };

    private static Command Apply()
    {
        var file = new Argument<FileInfo>("file") { Description = "Catalogue file (YAML); key files in it are relative to it" };
        var database = new DatabaseArguments();
        var json = Json();
        var command = new Command("apply", "Make the catalogue exactly what a file says; changes nothing if it is so already") { file, json };
        database.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, async () =>
        {
            var view = new CatalogueView(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            var reading = Read(parsed.GetRequiredValue(file));
            if (reading.File is null)
            {
                view.Write(reading.Errors);
                return ExitCode.Finding;
            }

            var store = new CatalogueStore(database.Open(parsed), TimeProvider.System);
            await store.PrepareAsync(cancellationToken);
            view.Write(await store.ApplyAsync(reading.File, cancellationToken));
            return ExitCode.Ok;
        }));
        return command;
    }

    private static Command Show()
    {
        var database = new DatabaseArguments();
        var json = Json();
        var command = new Command("show", "Show the catalogue as it is") { json };
        database.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, async () =>
        {
            var (version, file) = await new CatalogueStore(database.Open(parsed), TimeProvider.System).ReadAsync(cancellationToken);
            new CatalogueView(parsed.InvocationConfiguration.Output, parsed.GetValue(json)).Write(version, file);
            return ExitCode.Ok;
        }));
        return command;
    }

    private static Option<bool> Json() => new("--json") { Description = "Print one JSON object" };

    private static CatalogueReading Read(FileInfo file)
    {
        try
        {
            using var yaml = file.OpenRead();
            return CatalogueReader.Read(yaml, file.DirectoryName!);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"The catalogue file cannot be read: {unreadable.Message}");
        }
    }

    private static async Task<int> RunAsync(ParseResult parsed, Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (CatalogueUnavailableException unavailable)
        {
            await parsed.InvocationConfiguration.Error.WriteLineAsync(unavailable.Message);
            return ExitCode.Unavailable;
        }
    }
}
