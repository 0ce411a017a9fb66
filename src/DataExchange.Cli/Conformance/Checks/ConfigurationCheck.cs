namespace DataExchange.Cli.Conformance.Checks;

/// <summary>The good configuration and the bad ones, by the commands of the file.</summary>
internal sealed class ConfigurationCheck(VerifyConfig config, Verdicts verdicts)
{
    public async Task RunAsync(CancellationToken stop)
    {
        if (config.Commands.Check is { } good)
        {
            var end = await DepartmentCommand.RunAsync(good, config, stop);
            Judge(ConformanceRules.GoodConfiguration, end, end.ExitCode == 0, $"'{good[0]}' {end}");
        }
        else
        {
            verdicts.Skip(ConformanceRules.GoodConfiguration, "the file names no command", "Name in commands.check what checks the adapter's configuration.");
        }

        if (config.Commands.CheckBad.Count == 0)
            verdicts.Skip(ConformanceRules.BadConfiguration, "the file names no command", "Name in commands.check_bad what checks, or starts with, configurations that are wrong.");
        for (var i = 0; i < config.Commands.CheckBad.Count; i++)
        {
            var end = await DepartmentCommand.RunAsync(config.Commands.CheckBad[i], config, stop);
            Judge(ConformanceRules.BadConfiguration, end, end is { ExitCode: not (null or 0), Spoke: true }, $"it {end}", $"check_bad[{i}]");
        }
    }

    private void Judge(ConformanceRule rule, CommandEnd end, bool holds, string seen, string about = "")
    {
        if (end.Started)
            verdicts.Judge(rule, holds, seen, about);
        else
            verdicts.Skip(rule, $"the command {end}", "Name a program that is there and may be run.", about);
    }
}
