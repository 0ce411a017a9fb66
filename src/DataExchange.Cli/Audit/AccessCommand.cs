using System.CommandLine;
using DataExchange.Cli.Lookup;
using DataExchange.Transparency.Notes;
using Grpc.Core;
using Spectre.Console;

namespace DataExchange.Cli.Audit;

/// <summary><c>dx access list</c>: who looked at a subject's data, and whether the hub's proof that this is all holds.</summary>
internal static class AccessCommand
{
    public static Command Create()
    {
        var identifier = new Argument<string>("identifier") { Description = "SCHEME:VALUE of the subject, or '-' to read it from standard input" };
        var purpose = new Option<string>("--purpose") { Description = "Purpose code of the grant on the hub's access log", Required = true };
        var basis = new Option<string>("--legal-basis") { Description = "Legal basis of the grant", Required = true };
        var caseId = new Option<string>("--case") { Description = "The case this belongs to", DefaultValueFactory = _ => "dx-access" };
        var key = new Option<string>("--key") { Description = "The verifier key of one of the hub's logs (name+id+base64); have it from its operator, not from the hub", Required = true };
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var connection = new ConnectionSwitches();
        var list = new Command("list", "Who looked at a subject's data; exit code 1 if the proof that this is all does not hold") { identifier, purpose, basis, caseId, key, json };
        connection.AddTo(list);
        list.SetAction(async (parsed, cancellationToken) =>
        {
            var request = new Wire.ListAccessesRequest
            {
                Identifier = LookupCommand.ReadIdentifier(parsed.GetRequiredValue(identifier)),
                Purpose = parsed.GetRequiredValue(purpose),
                LegalBasis = parsed.GetRequiredValue(basis),
                CaseId = parsed.GetRequiredValue(caseId),
            };
            var log = AuditCommand.ReadKey(parsed.GetRequiredValue(key), NoteKeyType.Ed25519, "--key");
            using var channel = connection.Connect(parsed);
            return await RunAsync(channel, request, log, parsed.GetValue(json), cancellationToken);
        });
        return new Command("access", "The subject's own view of who looked") { list };
    }

    private static async Task<int> RunAsync(ChannelBase channel, Wire.ListAccessesRequest request, NoteKey log, bool json, CancellationToken cancellationToken)
    {
        try
        {
            using var call = new Wire.AccessLogService.AccessLogServiceClient(channel).ListAccesses(request, cancellationToken: cancellationToken);
            var listing = await AccessListing.ReadAsync(call.ResponseStream, log, cancellationToken);
            if (json)
                Console.WriteLine(listing.Json().ToJsonString());
            else
                listing.Write(AnsiConsole.Console);
            return listing.Fault is null ? ExitCode.Ok : ExitCode.Finding;
        }
        catch (RpcException refusal)
        {
            return await AnswerView.EndRefusedAsync(refusal, json, Console.Out, Console.Error);
        }
    }
}
