using System.CommandLine;
using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Spectre.Console;

namespace DataExchange.Cli.Lookup;

/// <summary><c>dx lookup</c>: one question to a hub, as the department whose certificate is given.</summary>
internal static class LookupCommand
{
    // The hub's own limit is 100 years; this is what a TimeSpan takes in any case.
    private const double MaxAgeSecondsMax = 1e10;

    public static Command Create()
    {
        var identifier = new Argument<string>("identifier") { Description = "SCHEME:VALUE, or '-' to read it from standard input" };
        var attributes = new Option<string[]>("--attribute", "-a") { Description = "department/name, repeatable (default: all that is granted for the purpose)", AllowMultipleArgumentsPerToken = true };
        var purpose = new Option<string>("--purpose") { Description = "Purpose code of the grant", DefaultValueFactory = _ => "public-body-check" };
        var basis = new Option<string>("--legal-basis") { Description = "Legal basis of the grant", DefaultValueFactory = _ => "Open Government Licence v3.0" };
        var caseId = new Option<string>("--case") { Description = "The business case this belongs to", DefaultValueFactory = _ => "dx-lookup" };
        var official = new Option<string?>("--operator") { Description = "The official who asks, by the department's own id for him or her" };
        var maxAge = new Option<double?>("--max-age") { Description = "Oldest age to be given, in seconds" };
        SwitchRule.Add(maxAge, seconds => seconds is null or (>= 0 and <= MaxAgeSecondsMax), $"--max-age must be 0 to {MaxAgeSecondsMax}");
        var acceptStale = new Option<bool>("--accept-stale") { Description = "Give what is older, marked" };
        var json = new Option<bool>("--json") { Description = "Print one JSON object" };
        var connection = new ConnectionSwitches();

        var command = new Command("lookup", "Look one subject up: one outcome for each attribute, with evidence and receipt")
        {
            identifier, attributes, purpose, basis, caseId, official, maxAge, acceptStale, json,
        };
        connection.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            var request = new Wire.LookupRequest
            {
                Identifier = ReadIdentifier(parsed.GetValue(identifier)!),
                Purpose = parsed.GetValue(purpose)!,
                LegalBasis = parsed.GetValue(basis)!,
                CaseId = parsed.GetValue(caseId)!,
                Operator = parsed.GetValue(official) ?? "",
                AcceptStale = parsed.GetValue(acceptStale),
                MaxAge = parsed.GetValue(maxAge) is { } seconds ? Duration.FromTimeSpan(TimeSpan.FromSeconds(seconds)) : null,
            };
            request.Attributes.Add((parsed.GetValue(attributes) ?? []).Select(ReadAttribute));
            using var channel = connection.Connect(parsed);
            return await RunAsync(channel, request, parsed.GetValue(json), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(ChannelBase channel, Wire.LookupRequest request, bool json, CancellationToken cancellationToken)
    {
        try
        {
            if (request.Attributes.Count == 0)
                request.Attributes.Add(await GrantedAsync(channel, request, cancellationToken));
            var response = await new Wire.LookupService.LookupServiceClient(channel).LookupAsync(request, cancellationToken: cancellationToken);
            if (json)
            {
                Console.WriteLine(AnswerView.Json(response).ToJsonString());
            }
            else
            {
                AnsiConsole.Write(AnswerView.Table(response));
                AnsiConsole.MarkupLine($"[grey]{AnswerView.Receipt(response.Receipt)}[/]");
            }

            return response.Answers.Any(a => a.Outcome == Wire.Outcome.Provided) ? ExitCode.Ok : ExitCode.Finding;
        }
        catch (RpcException refusal)
        {
            return await AnswerView.EndRefusedAsync(refusal, json, Console.Out, Console.Error);
        }
    }

    private static async Task<List<Wire.AttributeId>> GrantedAsync(ChannelBase channel, Wire.LookupRequest request, CancellationToken cancellationToken)
    {
        var client = new Wire.CatalogueService.CatalogueServiceClient(channel);
        var page = await client.ListMyGrantsAsync(new() { PageSize = 1_000 }, cancellationToken: cancellationToken);
        var granted = page.Grants.Where(g => g.Purpose == request.Purpose && g.LegalBasis == request.LegalBasis)
            .Select(g => g.Attribute).Take(WireLimits.AttributesPerLookupMax).ToList();
        return granted.Count > 0
            ? granted
            : throw new UsageException("Nothing is granted to this department for that purpose and legal basis. Name attributes with --attribute to see the refusal.");
    }

    internal static Wire.Identifier ReadIdentifier(string text)
    {
        if (text == "-")
            text = Console.In.ReadLine()?.TrimEnd('\r') ?? "";
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0
            ? new Wire.Identifier { Scheme = text[..colon], Value = text[(colon + 1)..] }
            : throw new UsageException("identifier must be SCHEME:VALUE, as coins:DCM048");
    }

    private static Wire.AttributeId ReadAttribute(string text) =>
        AttributeId.TryParse(text, out var attribute) ? attribute.ToWire() : throw new UsageException($"--attribute {AttributeId.Rule}");
}
