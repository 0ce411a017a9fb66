using System.CommandLine;

namespace DataExchange.Cli.Exchange;

/// <summary>The options that every command has that runs a whole exchange.</summary>
internal sealed class ExchangeSwitches
{
    private readonly Option<DirectoryInfo> _workspace;

    private readonly Option<int> _port = new("--port")
    {
        Description = "Hub's port; management and departments follow it",
        DefaultValueFactory = _ => 7443,
    };

    private readonly Option<string> _bus = new("--bus") { Description = "memory or rabbitmq", DefaultValueFactory = _ => "memory" };

    private readonly Option<Uri?> _rabbitMq = new("--rabbitmq")
    {
        CustomParser = AddressSwitch.Parse,
        Description = $"Server, as amqp://user@host:5672/vhost; the password comes from {ExchangeSettings.PasswordVariable}",
    };

    private readonly Option<bool> _exit = new("--exit") { Description = "Leave when done instead of staying up until Ctrl-C" };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object instead of tables" };

    public ExchangeSwitches(string workspace)
    {
        _workspace = new("--workspace") { Description = "Folder of the exchange's state; made if absent", DefaultValueFactory = _ => new DirectoryInfo(workspace) };
        _bus.AcceptOnlyFromAmong("memory", "rabbitmq");
    }

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _workspace, _port, _bus, _rabbitMq, _exit, _json })
            command.Options.Add(option);
    }

    /// <exception cref="UsageException">Options that do not go together.</exception>
    public ExchangeSettings Read(ParseResult parsed)
    {
        var port = parsed.GetValue(_port);
        if (port is < 1 or > ExchangeSettings.PortMax)
            throw new UsageException($"--port must be 1 to {ExchangeSettings.PortMax}: the departments' ports follow it.");
        var usesServer = parsed.GetValue(_bus) == "rabbitmq";
        if (!usesServer && parsed.GetValue(_rabbitMq) is not null)
            throw new UsageException("--rabbitmq goes with --bus rabbitmq.");
        return new ExchangeSettings(
            parsed.GetValue(_workspace)!.FullName,
            port,
            usesServer ? ExchangeSettings.CheckServer(parsed.GetValue(_rabbitMq)) : null,
            parsed.GetValue(_exit),
            parsed.GetValue(_json));
    }
}
