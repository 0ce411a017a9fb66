using System.CommandLine;
using DataExchange.Contracts;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Cli.Governance;

/// <summary><c>dx grant</c>, the governing part of <c>dx department</c>, <c>dx person</c>, <c>dx policy</c> and <c>dx explain</c>.</summary>
internal static class GovernanceCommands
{
    private const int GrantDaysDefault = 365;

    public static Command Grant() => new("grant", "Ask for grants, answer requests, take grants back") { RequestGrant(), Approve(), RefuseGrant(), RevokeGrant(), ListGrants() };

    public static Command[] Department() => [RegisterDepartment(), Approve(), SuspendDepartment(), RevokeKey()];

    public static Command[] Catalogue() => [Approve(), Withdraw(), Proposals()];

    public static Command Person()
    {
        var person = new Argument<string>("person") { Description = "Issuer and subject, with a blank between them, as dx catalogue proposals shows them" };
        return new Command("person", "Those who decide")
        {
            HubCall.Command("withdraw", "Tokens that a person was issued until now count no more", [person], async (parsed, client, cancellationToken) =>
                await client.WithdrawRoleAsync(new() { Person = parsed.GetRequiredValue(person) }, cancellationToken: cancellationToken)),
        };
    }

    public static Command Policy()
    {
        var file = new Argument<FileInfo>("file") { Description = "Catalogue file (YAML) as it is proposed" };
        var days = new Option<int>("--days") { Description = "How many days of the audit log to ask again, 1 to 366", DefaultValueFactory = _ => 30 };
        return new Command("policy", "Who may ask what")
        {
            HubCall.Command("try", "Ask the recorded questions again under a proposed catalogue: who would gain or lose answers", [file, days], async (parsed, client, cancellationToken) =>
                await client.TryCatalogueAsync(
                    new() { Catalogue = ProposedFile.Read(parsed.GetRequiredValue(file)), Days = parsed.GetValue(days) }, cancellationToken: cancellationToken)),
        };
    }

    public static Command Explain()
    {
        var id = new Argument<string>("request-id") { Description = "The lookup's request id" };
        return HubCall.Command("explain", "Why a lookup of this department, or with an auditor's token anybody's, was decided as it was", [id], async (parsed, client, cancellationToken) =>
            await client.ExplainLookupAsync(new() { RequestId = parsed.GetRequiredValue(id) }, cancellationToken: cancellationToken));
    }

    private static Command RequestGrant()
    {
        var attribute = new Argument<string>("attribute") { Description = "department/name" };
        var purpose = new Option<string>("--purpose") { Description = "Purpose code", Required = true };
        var basis = new Option<string>("--legal-basis") { Description = "What law allows it", Required = true };
        var from = new Option<DateTimeOffset?>("--from") { Description = "First moment (default: now)", CustomParser = MomentSwitch.Parse };
        var until = new Option<DateTimeOffset?>("--until") { Description = "First moment at which it no longer holds, at most a year later (default: 365 days later)", CustomParser = MomentSwitch.Parse };
        return HubCall.Command("request", "Ask for one exact grant, as the department that calls", [attribute, purpose, basis, from, until], async (parsed, client, cancellationToken) =>
        {
            var begins = parsed.GetValue(from) ?? TimeProvider.System.GetUtcNow();
            return await client.RequestGrantAsync(
                new()
                {
                    Attribute = ReadAttribute(parsed.GetRequiredValue(attribute)),
                    Purpose = parsed.GetRequiredValue(purpose),
                    LegalBasis = parsed.GetRequiredValue(basis),
                    ValidFrom = begins.ToTimestamp(),
                    ValidUntil = (parsed.GetValue(until) ?? begins.AddDays(GrantDaysDefault)).ToTimestamp(),
                },
                cancellationToken: cancellationToken);
        });
    }

    /// <summary>Of a grant request: proposes the grant. Of a proposal: shows it, and with its hash approves it.</summary>
    private static Command Approve()
    {
        var id = new Argument<string>("id") { Description = "A grant request (r-...), to say yes as the first person; or a proposal (p-...), as the second" };
        var hash = new Option<string?>("--hash") { Description = "Hash of the proposal's content as it was read; without it the proposal is only shown" };
        return HubCall.Command("approve", "Say yes, as one of two persons", [id, hash], async (parsed, client, cancellationToken) =>
        {
            var name = parsed.GetRequiredValue(id);
            if (name.StartsWith("r-", StringComparison.Ordinal))
                return await client.ApproveGrantRequestAsync(new() { Id = name }, cancellationToken: cancellationToken);
            return parsed.GetValue(hash) is { } read
                ? await client.ApproveProposalAsync(new() { Id = name, ContentHash = read }, cancellationToken: cancellationToken)
                : (IMessage)await client.GetProposalAsync(new() { Id = name }, cancellationToken: cancellationToken);
        });
    }

    private static Command RefuseGrant()
    {
        var id = new Argument<string>("id") { Description = "The grant request" };
        var reasons = new Option<string>("--reasons") { Description = "Why, in writing; the consumer reads it", Required = true };
        return HubCall.Command("refuse", "Say no to a grant request", [id, reasons], async (parsed, client, cancellationToken) =>
            await client.RefuseGrantRequestAsync(new() { Id = parsed.GetRequiredValue(id), Reasons = parsed.GetRequiredValue(reasons) }, cancellationToken: cancellationToken));
    }

    private static Command RevokeGrant()
    {
        var consumer = new Argument<string>("consumer") { Description = "Department that holds the grant" };
        var attribute = new Argument<string>("attribute") { Description = "department/name" };
        var purpose = new Option<string>("--purpose") { Description = "Purpose code", Required = true };
        var reason = Reason();
        return HubCall.Command("revoke", "Take a grant back at once; a second person confirms afterwards", [consumer, attribute, purpose, reason], async (parsed, client, cancellationToken) =>
            await client.RevokeGrantAsync(
                new()
                {
                    Consumer = parsed.GetRequiredValue(consumer),
                    Attribute = ReadAttribute(parsed.GetRequiredValue(attribute)),
                    Purpose = parsed.GetRequiredValue(purpose),
                    Reason = parsed.GetRequiredValue(reason),
                },
                cancellationToken: cancellationToken));
    }

    private static Command ListGrants()
    {
        var waiting = new Option<bool>("--waiting") { Description = "Only those that wait for an answer" };
        return HubCall.Command("list", "The newest grant requests of this department, made or to be answered", [waiting], async (parsed, client, cancellationToken) =>
            await client.ListGrantRequestsAsync(new() { WaitingOnly = parsed.GetValue(waiting), PageSize = 1_000 }, cancellationToken: cancellationToken));
    }

    private static Command Proposals()
    {
        var waiting = new Option<bool>("--waiting") { Description = "Only those that wait for a second person" };
        return HubCall.Command("proposals", "The newest proposals", [waiting], async (parsed, client, cancellationToken) =>
            await client.ListProposalsAsync(new() { WaitingOnly = parsed.GetValue(waiting), PageSize = 1_000 }, cancellationToken: cancellationToken));
    }

    private static Command Withdraw()
    {
        var id = new Argument<string>("id") { Description = "An open proposal of the same person" };
        return HubCall.Command("withdraw", "Take a proposal back", [id], async (parsed, client, cancellationToken) =>
            await client.WithdrawProposalAsync(new() { Id = parsed.GetRequiredValue(id) }, cancellationToken: cancellationToken));
    }

    private static Command RegisterDepartment()
    {
        var id = new Argument<string>("id") { Description = "Department id" };
        var name = new Option<string>("--name") { Description = "Needed for a new one", DefaultValueFactory = _ => "" };
        var adapter = new Option<string>("--adapter") { Description = "https address of its adapter", DefaultValueFactory = _ => "" };
        var keys = new Option<FileInfo[]>("--key") { Description = "PEM file with a public key or a certificate, for TLS and for signing; repeatable", DefaultValueFactory = _ => [] };
        var reason = Reason();
        return HubCall.Command("register", "Propose a department, or what changes of one; approving it also ends a suspension", [id, name, adapter, keys, reason], async (parsed, client, cancellationToken) =>
            await client.RegisterDepartmentAsync(
                new()
                {
                    Id = parsed.GetRequiredValue(id),
                    Name = parsed.GetRequiredValue(name),
                    Adapter = parsed.GetRequiredValue(adapter),
                    Keys = { parsed.GetRequiredValue(keys).Select(file => new Wire.DepartmentKey { Pem = ProposedFile.ReadText(file), Tls = true, Signing = true }) },
                    Reason = parsed.GetRequiredValue(reason),
                },
                cancellationToken: cancellationToken));
    }

    private static Command SuspendDepartment()
    {
        var id = new Argument<string>("id") { Description = "Department id" };
        var reason = Reason();
        return HubCall.Command("suspend", "Cut a department off at once; a second person confirms afterwards", [id, reason], async (parsed, client, cancellationToken) =>
            await client.SuspendDepartmentAsync(new() { Id = parsed.GetRequiredValue(id), Reason = parsed.GetRequiredValue(reason) }, cancellationToken: cancellationToken));
    }

    private static Command RevokeKey()
    {
        var key = new Argument<string>("key-id") { Description = "As dx catalogue show --json tells it" };
        var reason = Reason();
        return HubCall.Command("revoke-key", "Cut a key off at once; a second person confirms afterwards", [key, reason], async (parsed, client, cancellationToken) =>
            await client.RevokeKeyAsync(new() { KeyId = parsed.GetRequiredValue(key), Reason = parsed.GetRequiredValue(reason) }, cancellationToken: cancellationToken));
    }

    private static Option<string> Reason() => new("--reason") { Description = "Why, for the second person", Required = true };

    private static Wire.AttributeId ReadAttribute(string text) =>
        AttributeId.TryParse(text, out var attribute) ? attribute.ToWire() : throw new UsageException($"attribute {AttributeId.Rule}");
}
