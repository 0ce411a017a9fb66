using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DataExchange.Contracts;

namespace DataExchange.Broker.Catalogue.Storage;

/// <summary>What a person approves: this and nothing else is hashed.</summary>
/// <param name="Proposal">Its id, so that no approval is one of another proposal with the same changes.</param>
/// <param name="Reason">Why, in the proposer's words.</param>
internal sealed record ProposalContent(string Proposal, string Reason, CatalogueChanges Changes);

/// <summary>
/// The canonical text of a proposal: JSON without white space, members in the order of the records, rows in ordinal order of their names,
/// moments in UTC and whole seconds. What was proposed is stored and shown as this text, and approved by its hash.
/// </summary>
internal static class CatalogueJson
{
    private static readonly JsonSerializerOptions Canonical = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        // The catalogue's own rules keep control characters out; what a person reads must not be hidden behind escapes.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower), new DepartmentText(), new AttributeText() },
    };

    public static string Write(ProposalContent content) => JsonSerializer.Serialize(content, Canonical);

    /// <exception cref="JsonException">It is not what <see cref="Write"/> wrote.</exception>
    public static ProposalContent Read(string text) => JsonSerializer.Deserialize<ProposalContent>(text, Canonical) ?? throw new JsonException();

    public static string HashOf(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private sealed class DepartmentText : JsonConverter<DepartmentId>
    {
        public override DepartmentId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            DepartmentId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, DepartmentId value, JsonSerializerOptions options) => writer.WriteStringValue(value.Value);
    }

    private sealed class AttributeText : JsonConverter<AttributeId>
    {
        public override AttributeId Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            AttributeId.TryParse(reader.GetString(), out var id) ? id : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, AttributeId value, JsonSerializerOptions options) => writer.WriteStringValue(value.ToString());
    }
}
