using System.Globalization;

namespace DataExchange.UnitTests.AdapterHost;

/// <summary>What a hub would hold after the changes that an outbox has stored, and the checkpoint that came with them.</summary>
internal sealed class HubModel
{
    private readonly SortedDictionary<string, string> _facts = new(StringComparer.Ordinal);

    /// <summary>Of the last change that was stored.</summary>
    public string? Checkpoint { get; set; }

    public int Stored { get; private set; }

    /// <summary>Everything that holds, a line each: <c>body:AB1/title=Text</c>, <c>body:AB1~old:17</c>.</summary>
    public IEnumerable<string> Facts => _facts.Select(fact => fact.Value.Length == 0 ? fact.Key : $"{fact.Key}={fact.Value}");

    public void Store(Wire.Change change, string checkpoint)
    {
        (Checkpoint, Stored) = (checkpoint, Stored + 1);
        switch (change.KindCase)
        {
            case Wire.Change.KindOneofCase.Set:
                _facts[$"{Text(change.Set.Subject)}/{change.Set.Attribute}"] = change.Set.Value is { } value ? Text(value) : "located";
                break;
            case Wire.Change.KindOneofCase.Withdraw:
                _facts.Remove($"{Text(change.Withdraw.Subject)}/{change.Withdraw.Attribute}");
                break;
            case Wire.Change.KindOneofCase.Link:
                _facts[$"{Text(change.Link.Left)}~{Text(change.Link.Right)}"] = "";
                break;
            default:
                _facts.Remove($"{Text(change.Unlink.Left)}~{Text(change.Unlink.Right)}");
                break;
        }
    }

    private static string Text(Wire.Identifier identifier) => $"{identifier.Scheme}:{identifier.Value}";

    private static string Text(Wire.Value value) => value.KindCase switch
    {
        Wire.Value.KindOneofCase.Text => value.Text,
        Wire.Value.KindOneofCase.Code => value.Code,
        Wire.Value.KindOneofCase.Date => string.Create(CultureInfo.InvariantCulture, $"{value.Date.Year:D4}-{value.Date.Month:D2}-{value.Date.Day:D2}"),
        _ => value.ToString(),
    };
}
