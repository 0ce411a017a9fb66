using System.Text.Json;
using System.Text.Json.Serialization;
using DataExchange.Contracts;

namespace DataExchange.Cli.Identifiers;

/// <summary>One answer, in the order and under the names that <c>--json</c> promises. Null where a layer does not apply.</summary>
internal sealed record IdentifierVerdict(
    string Scheme, string Value, string? Canonical, bool Valid, bool Shape, bool? Checksum, bool? Date, bool? Area)
{
    public static IdentifierVerdict Of(IIdentifierScheme scheme, string value, DateOnly today)
    {
        var check = scheme.Check(value, today);
        return new IdentifierVerdict(scheme.Name, value, check.Canonical, check.IsValid, check.Shape, check.Checksum, check.Date, check.Area);
    }

    public string ToJson() => JsonSerializer.Serialize(this, IdentifierVerdictJson.Default.IdentifierVerdict);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(IdentifierVerdict))]
internal sealed partial class IdentifierVerdictJson : JsonSerializerContext;
