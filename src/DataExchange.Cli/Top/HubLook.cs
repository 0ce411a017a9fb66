using System.Globalization;
using System.Text.Json;

namespace DataExchange.Cli.Top;

/// <summary>One look at a hub's health document: what a person who watches over it wants to know, and nothing of any subject.</summary>
/// <param name="At">When it was taken.</param>
/// <param name="Status">Of the hub as a whole.</param>
/// <param name="Checks">Those that are not well, with what they say.</param>
/// <param name="Entries">Answers and refusals in the audit log.</param>
/// <param name="Queues">Messages waiting in each queue on the bus; empty on the in-memory bus.</param>
/// <param name="Departments">By name.</param>
internal sealed record HubLook(
    DateTimeOffset At, string Status, IReadOnlyList<TroubledCheck> Checks, ulong Entries, IReadOnlyDictionary<string, long> Queues, IReadOnlyList<DepartmentLook> Departments)
{
    /// <exception cref="JsonException">Not a health document.</exception>
    public static HubLook Read(Stream document, DateTimeOffset at)
    {
        try
        {
            using var json = JsonDocument.Parse(document);
            var checks = json.RootElement.GetProperty("checks");
            return new HubLook(
                at,
                json.RootElement.GetProperty("status").GetString()!,
                [.. checks.EnumerateObject().Where(check => Text(check.Value, "status") != "Healthy")
                    .Select(check => new TroubledCheck(check.Name, Text(check.Value, "status"), Text(check.Value, "description")))],
                Data(checks, "audit") is { } audit && audit.TryGetProperty("entries", out var entries) ? entries.GetUInt64() : 0,
                Data(checks, "bus")?.EnumerateObject().Where(queue => queue.Value.ValueKind == JsonValueKind.Number)
                    .ToDictionary(queue => queue.Name, queue => queue.Value.GetInt64()) ?? [],
                [.. (Data(checks, "streams")?.EnumerateObject().Select(DepartmentLook.Of) ?? []).OrderBy(look => look.Name, StringComparer.Ordinal)]);
        }
        catch (Exception other) when (other is KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new JsonException("This is no health document of a hub.", other);
        }
    }

    private static JsonElement? Data(JsonElement checks, string name) =>
        checks.TryGetProperty(name, out var check) && check.TryGetProperty("data", out var data) ? data : null;

    private static string Text(JsonElement check, string name) => check.TryGetProperty(name, out var text) ? text.GetString() ?? "" : "";
}

/// <summary>A health check that is not healthy.</summary>
internal sealed record TroubledCheck(string Name, string Status, string Description);

/// <summary>One department's stream.</summary>
/// <param name="Watermark">Changes applied without a gap.</param>
/// <param name="AgeSeconds">How far back the newest moment lies of which the hub has everything; null before the first batch.</param>
/// <param name="Missing">Changes that others have overtaken.</param>
/// <param name="Trouble">Why it is not complete; empty while it is.</param>
internal sealed record DepartmentLook(string Name, ulong Watermark, double? AgeSeconds, ulong Missing, string Trouble)
{
    public static DepartmentLook Of(JsonProperty stream) => new(
        stream.Name,
        Number(stream.Value, "watermark") ?? 0,
        stream.Value.TryGetProperty("currentAsOfAgeSeconds", out var age) ? age.GetDouble() : null,
        Number(stream.Value, "missing") ?? 0,
        string.Join("; ", Troubles(stream.Value)));

    private static IEnumerable<string> Troubles(JsonElement stream)
    {
        if (Number(stream, "gapFrom") is { } gap)
            yield return string.Create(CultureInfo.InvariantCulture, $"gap from {gap}{(stream.TryGetProperty("refillFailure", out var failure) ? $", refill {failure.GetString()}" : "")}");
        if (stream.TryGetProperty("quarantineReason", out var quarantine))
            yield return $"quarantined {quarantine.GetString()}";
        if (stream.TryGetProperty("rejectionReason", out var rejection))
            yield return $"refused {rejection.GetString()}";
    }

    private static ulong? Number(JsonElement stream, string name) => stream.TryGetProperty(name, out var number) ? number.GetUInt64() : null;
}
