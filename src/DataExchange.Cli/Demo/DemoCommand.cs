using System.CommandLine;
using System.Diagnostics;
using System.Text.Json.Nodes;
using DataExchange.Cli.Exchange;
using DataExchange.Cli.Registers;

namespace DataExchange.Cli.Demo;

/// <summary><c>dx demo</c>: fifteen real registers and their identity authority as departments of one exchange, in one process.</summary>
internal static class DemoCommand
{
    public static Command Create()
    {
        var workspace = new Option<DirectoryInfo>("--workspace")
        {
            Description = "Folder of the exchange's state; made if absent",
            DefaultValueFactory = _ => new DirectoryInfo(".dx"),
        };
        var data = new Option<DirectoryInfo?>("--data") { Description = "Folder with registers.yaml (default: samples/uk-public-bodies)" };
        var port = new Option<int>("--port") { Description = "Hub's port; departments and management follow it", DefaultValueFactory = _ => 7443 };
        var bus = new Option<string>("--bus") { Description = "memory or rabbitmq", DefaultValueFactory = _ => "memory" };
        bus.AcceptOnlyFromAmong("memory", "rabbitmq");
        var rabbitmq = new Option<Uri?>("--rabbitmq") { Description = "Server, as amqp://user@host:5672/vhost; the password comes from DX_RABBITMQ_PASSWORD" };
        var exit = new Option<bool>("--exit") { Description = "Leave when done instead of staying up until Ctrl-C" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object instead of tables" };

        var command = new Command("demo", "Start an exchange of sixteen departments on real registers, and look every mapped identifier up")
        {
            workspace, data, port, bus, rabbitmq, exit, json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new ExchangeSettings(
                parsed.GetValue(workspace)!.FullName,
                parsed.GetValue(port),
                parsed.GetValue(bus) == "rabbitmq" ? ExchangeSettings.CheckServer(parsed.GetValue(rabbitmq)) : null),
            parsed.GetValue(data)?.FullName ?? RegistersFile.FindSamples(),
            parsed.GetValue(exit),
            parsed.GetValue(json),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ExchangeSettings settings, string data, bool exit, bool json, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var screen = new DemoScreen(quiet: json);
        var registers = RegistersFile.Load(data);
        var plan = registers.Plan();
        var workspace = Workspace.Prepare(settings, plan);
        await using var exchange = await LocalExchange.StartAsync(workspace, plan, cancellationToken);

        await screen.PublishingAsync(exchange, cancellationToken);
        var statistics = exchange.Statistics();
        screen.Show(exchange, statistics, watch.Elapsed);

        using var desk = new ServiceDesk(workspace, plan);
        var score = await screen.LookingUpAsync(desk, new RegisterTruth(registers), cancellationToken);
        await screen.ShowAnswersAsync(desk, cancellationToken);

        var good = score is { Wrong: 0, Unresolved: 0 };
        if (json)
        {
            Console.WriteLine(new JsonObject
            {
                ["departments"] = exchange.Departments.Count,
                ["changes"] = exchange.Published,
                ["subjects"] = statistics.Subjects,
                ["facts"] = statistics.Facts,
                ["links"] = statistics.Links,
                ["lookups"] = score.Lookups,
                ["resolved"] = score.Resolved,
                ["unresolved"] = score.Unresolved,
                ["wrong"] = score.Wrong,
                ["seconds"] = Math.Round(watch.Elapsed.TotalSeconds, 1),
            }.ToJsonString());
        }

        screen.Close(workspace, score, watch.Elapsed, staysUp: !exit);
        if (!exit)
            await LocalExchange.RunUntilCancelledAsync(cancellationToken);
        return good ? ExitCode.Ok : ExitCode.Finding;
    }
}
