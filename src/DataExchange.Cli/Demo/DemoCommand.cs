using System.CommandLine;
using DataExchange.Cli.Exchange;
using DataExchange.Cli.Registers;
using DataExchange.Contracts;

namespace DataExchange.Cli.Demo;

/// <summary><c>dx demo</c>: fifteen real registers and their identity authority as departments of one exchange, in one process.</summary>
internal static class DemoCommand
{
    private static readonly Identifier[] Shown = [new("coins", "DCM048"), new("oscar", "ACA084"), new("abbreviation", "ago")];

    public static Command Create()
    {
        var data = new Option<DirectoryInfo?>("--data") { Description = "Folder with registers.yaml (default: samples/uk-public-bodies)" };
        var exchange = new ExchangeSwitches(workspace: ".dx");
        var command = new Command("demo", "Start an exchange of sixteen departments on real registers, and look every mapped identifier up") { data };
        exchange.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var registers = RegistersFile.Load(parsed.GetValue(data)?.FullName ?? RegistersFile.FindSamples());
            var truth = new RegisterTruth(registers);
            var showcase = new Showcase(registers.Plan(), truth.Mapped, truth.Expected, Shown);
            return ShowcaseRun.RunAsync(showcase, exchange.Read(parsed), cancellationToken);
        });
        return command;
    }
}
