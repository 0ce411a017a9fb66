using System.CommandLine;
using DataExchange.Broker;
using DataExchange.Broker.Index;
using DataExchange.Cli.Governance;

namespace DataExchange.Cli.Hosts;

/// <summary><c>dx hub run</c> and <c>dx department run</c>: the demo's parts as processes of their own.</summary>
internal static class HostCommands
{
    public static Command Hub()
    {
        var config = Config("The hub's JSON configuration, as dx demo writes it to .dx/hub.json");
        var run = new Command("run", "Run the hub until Ctrl-C") { config };
        run.SetAction(async (parsed, cancellationToken) =>
        {
            await using var app = BrokerHost.Build(ConfiguredHost.Create(parsed.GetValue(config)!));
            await app.RunAsync(cancellationToken);
            return ExitCode.Ok;
        });
        return new Command("hub", "The hub as a process of its own") { run, NewKey() };
    }

    private static Command NewKey()
    {
        var kind = new Argument<string>("KIND") { Description = "wrapping or identifier" };
        kind.AcceptOnlyFromAmong(NextKey.Kinds);
        var config = Config("The hub's JSON configuration");
        var command = new Command("new-key", "Make the next key of the hub, by its last key token if it has one; a hub that serves takes it up by itself") { kind, config };
        command.SetAction(parsed =>
        {
            try
            {
                Console.WriteLine(NextKey.Make(ConfiguredHost.Create(parsed.GetValue(config)!), parsed.GetValue(kind)!));
                return ExitCode.Ok;
            }
            catch (InvalidOperationException e)
            {
                Console.Error.WriteLine(e.Message);
                return ExitCode.Unavailable;
            }
        });
        return command;
    }

    public static Command Department()
    {
        var config = Config("The department's JSON configuration, as dx demo writes it to .dx/departments/ID.json");
        var run = new Command("run", "Run the department until Ctrl-C") { config };
        run.SetAction(async (parsed, cancellationToken) =>
        {
            await using var app = DepartmentHost.Build(parsed.GetValue(config)!);
            await app.RunAsync(cancellationToken);
            return ExitCode.Ok;
        });
        var command = new Command("department", "A register as a department, a process of its own; and who is a department of the exchange") { run };
        foreach (var governing in GovernanceCommands.Department())
            command.Subcommands.Add(governing);
        return command;
    }

    private static Option<string> Config(string description) => new("--config") { Description = description, Required = true };
}
