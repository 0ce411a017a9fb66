using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using DataExchange.Contracts;

namespace DataExchange.Broker.Catalogue.Reading;

/// <summary>
/// Writes a catalogue as the file that would state it, keys inline: what <see cref="CatalogueReader"/> makes the same catalogue of. In the
/// JSON that is YAML too, since a file of it is for machines.
/// </summary>
public static class CatalogueWriter
{
    private static readonly JsonSerializerOptions Format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        // YAML reads an escaped surrogate pair as two characters that are none.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public static string Write(CatalogueFile file)
    {
        var keys = file.Keys.ToLookup(key => key.Department);
        return JsonSerializer.Serialize(
            new
            {
                Departments = file.Departments.Select(d => new
                {
                    Id = d.Id.Value, d.Name, Adapter = d.AdapterAddress, d.AcceptedEpoch, d.Suspended, Keys = keys[d.Id].Select(Key),
                }),
                Schemes = file.Schemes.Select(s => new { s.Name, s.Pattern, s.Length, Normalize = SchemeNormalizations.WordsOf(s.Normalize) }),
                Attributes = file.Attributes.Select(Attribute),
                LinkRights = file.LinkRights.Select(r => new { Department = r.Department.Value, Schemes = new[] { r.SchemeA, r.SchemeB } }),
                Grants = file.Grants.GroupBy(g => (g.Consumer, g.Purpose, g.LegalBasis, g.ValidFrom, g.ValidUntil)).Select(g => new
                {
                    Consumer = g.Key.Consumer.Value,
                    Attributes = g.Select(grant => grant.Attribute.ToString()),
                    g.Key.Purpose,
                    g.Key.LegalBasis,
                    ValidFrom = Moment(g.Key.ValidFrom),
                    ValidUntil = Moment(g.Key.ValidUntil),
                }),
                Holidays = Days(file, working: false),
                WorkingDays = Days(file, working: true),
            },
            Format);
    }

    private static object Key(KeyConfig key) => new
    {
        Pem = $"-----BEGIN PUBLIC KEY-----\n{key.PublicKey}\n-----END PUBLIC KEY-----\n",
        Uses = new[] { (KeyUses.Tls, "tls"), (KeyUses.Signing, "signing") }.Where(use => key.Uses.HasFlag(use.Item1)).Select(use => use.Item2),
    };

    private static object Attribute(AttributeConfig attribute) => new
    {
        Id = attribute.Id.ToString(),
        attribute.Title,
        Type = CatalogueValues.Spell(attribute.Type),
        Holding = CatalogueValues.Spell(attribute.Holding),
        MaxAge = attribute.MaxAge is { } age ? string.Create(CultureInfo.InvariantCulture, $"{(long)age.TotalSeconds}s") : null,
        Sharing = attribute.Sharing == Wire.Sharing.NotShared ? "not_shared" : CatalogueValues.Spell(attribute.Sharing),
        Sensitivity = CatalogueValues.Spell(attribute.Sensitivity),
        attribute.LegalSource,
        Claims = attribute.Claims?.ToString(),
    };

    private static IEnumerable<string> Days(CatalogueFile file, bool working) => file.Calendar.Where(day => day.Working == working)
        .Select(day => day.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));

    private static string Moment(DateTimeOffset moment) => moment.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
