using System.CommandLine;

namespace DataExchange.Cli.Bench;

/// <summary>The benchmark's child processes: servers and consumers whose processor time is read from outside.</summary>
internal static class BenchChildCommand
{
    public static Command Create()
    {
        var command = new Command("child", "Part of a running benchmark") { Echo(), Raw(), MassTransit(), Department(), Loud() };
        command.Hidden = true;
        return command;
    }

    private static Command Echo()
    {
        var config = new Argument<string>("config");
        var port = new Argument<int>("port");
        var answer = new Argument<string>("answer");
        var command = new Command("echo") { config, port, answer };
        command.SetAction((parsed, cancellationToken) =>
            LookupEcho.RunAsync(parsed.GetValue(config)!, parsed.GetValue(port), parsed.GetValue(answer)!, cancellationToken));
        return command;
    }

    private static Command Raw()
    {
        var command = new Command("raw");
        command.SetAction((_, cancellationToken) => RawRabbit.ConsumeAsync(Rabbit(), cancellationToken));
        return command;
    }

    private static Command MassTransit()
    {
        var command = new Command("masstransit");
        command.SetAction((_, cancellationToken) => BareMassTransit.ConsumeAsync(Rabbit(), cancellationToken));
        return command;
    }

    private static Command Department()
    {
        var config = new Argument<string>("config");
        var command = new Command("department") { config };
        command.SetAction((parsed, cancellationToken) => IngestDepartment.RunAsync(parsed.GetValue(config)!, IngestPlan.Changes(), cancellationToken));
        return command;
    }

    private static Command Loud()
    {
        var folder = new Argument<string>("folder");
        var port = new Argument<int>("port");
        var department = new Argument<string>("department");
        var calls = new Argument<int>("calls");
        var command = new Command("loud") { folder, port, department, calls };
        command.SetAction((parsed, cancellationToken) => LoudDepartment.RunAsync(
            parsed.GetValue(folder)!, parsed.GetValue(port), parsed.GetValue(department)!, parsed.GetValue(calls), cancellationToken));
        return command;
    }

    private static Uri Rabbit() => new(Environment.GetEnvironmentVariable(IngestBench.RabbitVariable)
        ?? throw new UsageException($"{IngestBench.RabbitVariable} is not set: dx bench ingest starts this."));
}
