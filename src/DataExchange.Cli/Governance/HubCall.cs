using System.CommandLine;
using DataExchange.Broker.Catalogue;
using DataExchange.Cli.Lookup;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace DataExchange.Cli.Governance;

/// <summary>One call of the hub's CatalogueService from the command line: connection, the person's token, and how what came back is written.</summary>
internal sealed class HubCall
{
    private static readonly JsonFormatter Format = new(JsonFormatter.Settings.Default.WithPreserveProtoFieldNames(true).WithFormatDefaultValues(true));

    private readonly ConnectionSwitches _connection = new();
    private readonly Option<FileInfo?> _token = new("--token-file") { Description = "File of mode 0600 with the person's token, as dx dev token --out writes it" };
    private readonly Option<bool> _json = new("--json") { Description = "Print one JSON object" };

    /// <param name="call">What to ask; the message that comes back is written.</param>
    public static Command Command(
        string name, string description, Symbol[] symbols, Func<ParseResult, Wire.CatalogueService.CatalogueServiceClient, CancellationToken, Task<IMessage>> call)
    {
        var command = new Command(name, description);
        foreach (var symbol in symbols)
        {
            if (symbol is Argument argument)
                command.Arguments.Add(argument);
            else
                command.Options.Add((Option)symbol);
        }

        var hub = new HubCall();
        hub.AddTo(command);
        command.SetAction((parsed, cancellationToken) => hub.RunAsync(parsed, client => call(parsed, client, cancellationToken)));
        return command;
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_token);
        if (command.Options.All(option => option.Name != _json.Name))
            command.Options.Add(_json);
        _connection.AddTo(command);
    }

    public bool HasToken(ParseResult parsed) => parsed.GetValue(_token) is not null;

    public async Task<int> RunAsync(ParseResult parsed, Func<Wire.CatalogueService.CatalogueServiceClient, Task<IMessage>> call)
    {
        var json = parsed.GetValue<bool>(_json.Name);
        var (output, error) = (parsed.InvocationConfiguration.Output, parsed.InvocationConfiguration.Error);
        using var channel = _connection.Connect(parsed);
        try
        {
            var answer = await call(new(WithToken(channel.CreateCallInvoker(), parsed)));
            if (json)
                await output.WriteLineAsync(Format.Format(answer));
            else
                GovernanceView.Write(output, answer);
            return ExitCode.Ok;
        }
        catch (RpcException refusal)
        {
            return await AnswerView.EndRefusedAsync(refusal, json, output, error);
        }
    }

    private CallInvoker WithToken(CallInvoker invoker, ParseResult parsed)
    {
        if (parsed.GetValue(_token) is not { } file)
            return invoker;
        try
        {
            var token = SecretFile.Read(file.FullName);
            return invoker.Intercept(metadata =>
            {
                metadata.Add("authorization", $"Bearer {token}");
                return metadata;
            });
        }
        catch (ArgumentException unreadable)
        {
            throw new UsageException($"--token-file: {unreadable.Message}");
        }
    }
}
