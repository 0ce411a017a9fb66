using System.Text.Json;
using System.Text.Json.Nodes;
using DataExchange.Contracts;
using Google.Rpc;
using Grpc.Core;
using Spectre.Console;

namespace DataExchange.Cli.Lookup;

/// <summary>An answer, or a refusal, as a table for a person and as JSON for a program.</summary>
internal static class AnswerView
{
    private const int FieldsShown = 3;

    public static Table Table(Wire.LookupResponse response, bool provided = false)
    {
        // In a narrow terminal the names wrap, so that there is room for the value.
        var table = new Table().Border(TableBorder.Rounded).AddColumns("Provider", "Attribute", "Value");
        table.AddColumn(new TableColumn("As of").NoWrap()).AddColumn(new TableColumn("Age").NoWrap()).AddColumn(new TableColumn("From").NoWrap());
        foreach (var answer in response.Answers)
        {
            if (provided && answer.Outcome != Wire.Outcome.Provided)
                continue;
            var claim = answer.Claims is { } of ? $" [yellow](claim of {Markup.Escape(Name(of))})[/]" : "";
            var (provider, name) = (Markup.Escape(answer.Attribute.Department), Markup.Escape(answer.Attribute.Name) + claim);
            var mark = answer.Outcome == Wire.Outcome.Provided ? "" : $"[yellow]{$"{answer.Outcome} {answer.Reason}".TrimEnd()}[/]";
            if (answer.Evidence.Count == 0)
                table.AddRow(provider, name, mark, "", "", "");
            foreach (var evidence in answer.Evidence)
            {
                table.AddRow(
                    provider,
                    name,
                    $"{Markup.Escape(ValueText.Of(evidence.Value))} {mark}".TrimEnd(),
                    $"{evidence.AsOf.ToDateTimeOffset():yyyy-MM-dd}",
                    ValueText.Of(evidence.Age.ToTimeSpan()),
                    evidence.Origin == Wire.Origin.FetchedLive ? "live" : "held");
                (provider, name) = ("", "");
            }
        }

        return table;
    }

    public static string Receipt(Wire.Receipt receipt) =>
        $"audit log {receipt.LogId} entry {receipt.EntryIndex} hash {Convert.ToHexStringLower(receipt.EntryHash.Span)[..16]}…";

    public static JsonObject Json(Wire.LookupResponse response) => new()
    {
        ["request_id"] = response.RequestId,
        ["answered_at"] = response.AnsweredAt.ToDateTimeOffset().ToString("O"),
        ["answers"] = new JsonArray([.. response.Answers.Select(Json)]),
        ["receipt"] = new JsonObject
        {
            ["log_id"] = response.Receipt.LogId,
            ["entry_index"] = response.Receipt.EntryIndex,
            ["entry_hash"] = Convert.ToHexStringLower(response.Receipt.EntryHash.Span),
            ["salt"] = Convert.ToHexStringLower(response.Receipt.Salt.Span),
        },
    };

    public static JsonObject Json(RpcException refusal)
    {
        var status = refusal.GetRpcStatus();
        var info = status?.GetDetail<ErrorInfo>();
        return new JsonObject
        {
            ["code"] = refusal.StatusCode.ToString(),
            ["reason"] = info?.Reason,
            ["message"] = refusal.Status.Detail,
            ["advice"] = info?.Metadata.GetValueOrDefault("advice"),
            ["fields"] = new JsonArray([.. Fields(refusal).Select(f => new JsonObject { ["field"] = f.Field, ["rule"] = f.Rule })]),
        };
    }

    public static IEnumerable<FieldError> Fields(RpcException refusal) =>
        refusal.GetRpcStatus()?.GetDetail<BadRequest>()?.FieldViolations.Select(v => new FieldError(v.Field, v.Description)) ?? [];

    public static async Task WriteRefusalAsync(RpcException refusal, TextWriter writer)
    {
        // Without a reason of the error table it was not the hub that answered.
        var answered = refusal.GetRpcStatus()?.GetDetail<ErrorInfo>() is not null;
        await writer.WriteLineAsync(answered ? $"refused: {refusal.Status.Detail}" : $"the hub does not answer: {refusal.Status.Detail}");
        var fields = Fields(refusal).ToList();
        foreach (var field in fields.Take(FieldsShown))
            await writer.WriteLineAsync($"  {field.Field} {field.Rule}");
        if (fields.Count > FieldsShown)
            await writer.WriteLineAsync($"  and {fields.Count - FieldsShown} more fields");
        if (refusal.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Metadata.GetValueOrDefault("advice") is { } advice)
            await writer.WriteLineAsync($"  way out: {advice}");
    }

    /// <summary>Ends a command that the hub has refused: JSON goes where the answer would, words to the errors.</summary>
    /// <returns>The command's exit code.</returns>
    public static async Task<int> EndRefusedAsync(RpcException refusal, bool json, TextWriter output, TextWriter error)
    {
        if (json)
            await output.WriteLineAsync(Json(refusal).ToJsonString());
        else
            await WriteRefusalAsync(refusal, error);
        return ExitCodeOf(refusal);
    }

    private static int ExitCodeOf(RpcException e) => e.StatusCode switch
    {
        StatusCode.PermissionDenied or StatusCode.Unauthenticated => ExitCode.Denied,
        StatusCode.InvalidArgument => ExitCode.Usage,
        StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.ResourceExhausted => ExitCode.Unavailable,
        _ => ExitCode.Finding,
    };

    private static JsonObject Json(Wire.AttributeAnswer answer) => new()
    {
        ["attribute"] = Name(answer.Attribute),
        ["claims"] = answer.Claims is { } claims ? Name(claims) : null,
        ["outcome"] = answer.Outcome.ToString().ToUpperInvariant(),
        ["reason"] = answer.Reason.Length > 0 ? answer.Reason : null,
        ["evidence"] = new JsonArray([.. answer.Evidence.Select(Json)]),
    };

    private static string Name(Wire.AttributeId attribute) => $"{attribute.Department}/{attribute.Name}";

    private static JsonObject Json(Wire.Evidence evidence) => new()
    {
        ["value"] = ValueText.Of(evidence.Value),
        ["type"] = JsonNamingPolicy.SnakeCaseLower.ConvertName(evidence.Value.KindCase.ToString()),
        ["provider"] = evidence.Provider,
        ["sequence"] = evidence.Sequence,
        ["as_of"] = evidence.AsOf.ToDateTimeOffset().ToString("O"),
        ["observed_at"] = evidence.ObservedAt.ToDateTimeOffset().ToString("O"),
        ["age_seconds"] = evidence.Age.ToTimeSpan().TotalSeconds,
        ["origin"] = evidence.Origin == Wire.Origin.FetchedLive ? "fetched_live" : "held",
    };
}
