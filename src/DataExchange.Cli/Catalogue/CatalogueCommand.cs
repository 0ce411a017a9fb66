using System.CommandLine;
using DataExchange.Broker.Catalogue.Reading;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Cli.Governance;

namespace DataExchange.Cli.Catalogue;

/// <summary><c>dx catalogue</c>: its database directly, with or without a hub that runs; and proposals, through the hub.</summary>
internal static class CatalogueCommand
{
    public static Command Create()
    {
        var command = new Command("catalogue", "What the exchange trusts: departments, keys, schemes, attributes, grants") { Apply(), Show() };
        foreach (var governing in GovernanceCommands.Catalogue())
            command.Subcommands.Add(governing);
        return command;
    }

    private static Command Apply()
    {
        var file = new Argument<FileInfo>("file") { Description = "Catalogue file (YAML); key files in it are relative to it" };
        var database = new DatabaseArguments();
        var json = Json();
        var hub = new HubCall();
        var reason = new Option<string>("--reason") { Description = "Why, for the second person", DefaultValueFactory = _ => "dx catalogue apply" };
        var amends = new Option<string>("--amends") { Description = "An open proposal of the same person that this takes the place of", DefaultValueFactory = _ => "" };
        var command = new Command(
            "apply", "Make the catalogue exactly what a file says: at once while it is empty, in its database; later with --token-file, as a proposal to the hub")
        {
            file, json, reason, amends,
        };
        database.AddTo(command);
        hub.AddTo(command);
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, async () =>
        {
            var view = new CatalogueView(parsed.InvocationConfiguration.Output, parsed.GetValue(json));
            var reading = Read(parsed.GetRequiredValue(file));
            if (reading.File is null)
            {
                view.Write(reading.Errors);
                return ExitCode.Finding;
            }

            if (hub.HasToken(parsed))
            {
                var proposal = new Wire.ProposeCatalogueRequest
                {
                    Catalogue = CatalogueWriter.Write(reading.File), Reason = parsed.GetRequiredValue(reason), Amends = parsed.GetRequiredValue(amends),
                };
                return await hub.RunAsync(parsed, async client => await client.ProposeCatalogueAsync(proposal, cancellationToken: cancellationToken));
            }

            var store = new CatalogueStore(database.Open(parsed), TimeProvider.System);
            await store.PrepareAsync(cancellationToken);
            if (await store.ApplyFirstAsync(reading.File, cancellationToken) is not { } diff)
            {
                await parsed.InvocationConfiguration.Error.WriteLineAsync(
                    "Nothing was applied: the catalogue is not empty, so that a change takes two persons. Propose it to the hub with --token-file.");
                return ExitCode.Denied;
            }

            view.Write(diff);
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
