using System.CommandLine;
using System.CommandLine.Parsing;
using DataExchange.Cli.Audit;
using DataExchange.Cli.Bench;
using DataExchange.Cli.Catalogue;
using DataExchange.Cli.Certificates;
using DataExchange.Cli.Conformance;
using DataExchange.Cli.DeadLetters;
using DataExchange.Cli.Demo;
using DataExchange.Cli.Governance;
using DataExchange.Cli.Hosts;
using DataExchange.Cli.Identifiers;
using DataExchange.Cli.Lookup;
using DataExchange.Cli.Simulation;
using DataExchange.Cli.Top;
using DataExchange.Cli.Witnesses;

namespace DataExchange.Cli;

/// <summary>The tree of commands, and the one place that turns a failure into an exit code: see <see cref="ExitCode"/>.</summary>
internal static class CommandLine
{
    public static async Task<int> RunAsync(string[] args)
    {
        var root = new RootCommand("dx: cross-department data exchange")
        {
            DemoCommand.Create(),
            SimulateCommand.Create(),
            LookupCommand.Create(),
            HostCommands.Hub(),
            HostCommands.Department(),
            AdapterCommand.Create(),
            IdentifierCommand.Create(),
            CatalogueCommand.Create(),
            GovernanceCommands.Grant(),
            GovernanceCommands.Person(),
            GovernanceCommands.Policy(),
            GovernanceCommands.Explain(),
            AuditCommand.Create(),
            AccessCommand.Create(),
            WitnessCommand.Create(),
            TopCommand.Create(),
            DeadLettersCommand.Create(),
            new Command("dev", "For development only") { CertificatesCommand.Create(), TokenCommand.Create() },
            BenchCommand.Create(),
        };

        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
                await Console.Error.WriteLineAsync(error.Message);
            await Console.Error.WriteLineAsync($"Try: {CommandPath(parsed)} --help");
            return ExitCode.Usage;
        }

        try
        {
            // After Ctrl-C a host finishes what it has begun, for as long as hosts are given; without this it would be cut off after two seconds.
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TimeSpan.FromMinutes(1) });
        }
        catch (UsageException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Usage;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A folder that cannot be made, a file that is locked, a port that is taken: the message names it.
            await Console.Error.WriteLineAsync(e.Message);
            return ExitCode.Unavailable;
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync("Ended before it was done.");
            return ExitCode.Unavailable;
        }
    }

    private static string CommandPath(ParseResult parsed)
    {
        var names = new Stack<string>();
        for (SymbolResult? at = parsed.CommandResult; at is CommandResult command; at = at.Parent)
            names.Push(command.Command is RootCommand ? "dx" : command.Command.Name);
        return string.Join(' ', names);
    }
}
