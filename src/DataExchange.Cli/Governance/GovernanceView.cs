using System.Globalization;
using System.Text.Json;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Spectre.Console;

namespace DataExchange.Cli.Governance;

/// <summary>What the write side of the catalogue answers, for people.</summary>
internal static class GovernanceView
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(TextWriter output, IMessage answer)
    {
        switch (answer)
        {
            case Wire.RequestGrantResponse { Request: var request }: Write(output, [request]); break;
            case Wire.RefuseGrantRequestResponse { Request: var request }: Write(output, [request]); break;
            case Wire.ListGrantRequestsResponse list: Write(output, list.Requests); break;
            case Wire.ListProposalsResponse list: Write(output, list.Proposals); break;
            case Wire.TryCatalogueResponse trial: Write(output, trial); break;
            case Wire.ExplainLookupResponse explained: Write(output, explained); break;
            case Wire.WithdrawRoleResponse: output.WriteLine("Withdrawn: tokens issued until now count no more."); break;
            case var other: WriteProposal(output, (Wire.Proposal?)other.Descriptor.FindFieldByName("proposal")?.Accessor.GetValue(other)); break;
        }
    }

    private static void WriteProposal(TextWriter output, Wire.Proposal? proposal)
    {
        if (proposal is null)
        {
            output.WriteLine("No change: it was so already.");
            return;
        }

        output.WriteLine(JsonSerializer.Serialize(JsonDocument.Parse(proposal.Content).RootElement, Indented));
        output.WriteLine($"proposal {proposal.Id} {proposal.State.ToString().ToLowerInvariant()}, hash {proposal.ContentHash}");
        output.WriteLine(proposal.State switch
        {
            Wire.ProposalState.Open => $"Waits until {Second(proposal.ExpiresAt)} for a second person to approve it with --hash.",
            Wire.ProposalState.Unconfirmed => $"In force. Waits until {Second(proposal.ExpiresAt)} for a second person to confirm it with --hash.",
            Wire.ProposalState.Applied => $"In force as catalogue version {proposal.AppliedVersion}.",
            _ => "Nothing was changed.",
        });
    }

    private static void Write(TextWriter output, IEnumerable<Wire.GrantRequest> requests)
    {
        WriteTable(output, ["request", "state", "consumer", "attribute", "purpose", "legal basis", "until", "due"], requests.Select(r => new[]
        {
            r.Id, (r.Overdue ? "OVERDUE " : "") + r.State.ToString().ToLowerInvariant() + (r.Proposal.Length > 0 ? $" {r.Proposal}" : ""), r.Consumer,
            $"{r.Attribute.Department}/{r.Attribute.Name}", r.Purpose, r.LegalBasis, Second(r.ValidUntil), Second(r.DueAt),
        }));
        foreach (var request in requests.Where(r => r.Reasons.Length > 0))
            output.WriteLine($"{request.Id} refused: {request.Reasons}");
    }

    private static void Write(TextWriter output, IEnumerable<Wire.Proposal> proposals) =>
        WriteTable(output, ["proposal", "state", "scope", "proposed by", "until", "hash"], proposals.Select(p => new[]
        {
            p.Id, p.State.ToString().ToLowerInvariant(), p.Scope, p.ProposedBy, Second(p.ExpiresAt), p.ContentHash[..16],
        }));

    private static void Write(TextWriter output, Wire.TryCatalogueResponse trial)
    {
        WriteTable(output, ["consumer", "attribute", "purpose", "legal basis", "gained", "lost"], trial.Changes.Select(c => new[]
        {
            c.Consumer, c.Attribute, c.Purpose, c.LegalBasis, Number(c.Gained), Number(c.Lost),
        }));
        output.WriteLine(
            $"{Number(trial.Lookups)} lookups since {Second(trial.From)} asked again: {Number(trial.Changes.Sum(c => c.Gained))} answers gained, "
            + $"{Number(trial.Changes.Sum(c => c.Lost))} lost. Nothing was changed.");
    }

    private static void Write(TextWriter output, Wire.ExplainLookupResponse explained)
    {
        foreach (var lookup in explained.Lookups)
        {
            output.WriteLine($"{Second(lookup.RecordedAt)} {lookup.Consumer}, purpose {lookup.Purpose}, legal basis {lookup.LegalBasis}, case {lookup.CaseId}");
            output.WriteLine(lookup.Allowed ? "allowed" : $"refused: {lookup.Reason}: {lookup.Meaning} {lookup.Advice}");
            output.WriteLine($"audit log {lookup.LogId} entry {lookup.EntryIndex}");
            WriteTable(output, ["attribute", "owner", "outcome", "granted now", "rule", "how to apply"], lookup.Attributes.Select(a => new[]
            {
                a.Attribute, a.Owner, a.Outcome, a.GrantedNow ? "yes" : "no", a.Rule, a.HowToApply,
            }));
        }
    }

    private static void WriteTable(TextWriter output, string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column)));
        foreach (var row in rows)
            table.AddRow(row.Select(cell => new Text(cell)));
        AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) }).Write(table);
    }

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Second(Timestamp moment) => moment.ToDateTimeOffset().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
