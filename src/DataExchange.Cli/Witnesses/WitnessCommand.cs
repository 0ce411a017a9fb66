using System.CommandLine;

namespace DataExchange.Cli.Witnesses;

/// <summary><c>dx witness run</c>: cosigns the audit logs of others, on a host of its own.</summary>
internal static class WitnessCommand
{
    public static Command Create()
    {
        var config = new Option<string>("--config") { Description = "JSON configuration with section Witness; its verifier key is told when it starts", Required = true };
        var run = new Command("run", "Run the witness until Ctrl-C") { config };
        run.SetAction(async (parsed, cancellationToken) =>
        {
            await using var app = WitnessHost.Build(parsed.GetRequiredValue(config));
            await app.RunAsync(cancellationToken);
            return ExitCode.Ok;
        });
        return new Command("witness", "A witness of audit logs (C2SP tlog-witness)") { run };
    }
}
