using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using DataExchange.Broker.Catalogue;
using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Hosting;
using Spectre.Console;

namespace DataExchange.Cli.Catalogue;

/// <summary>Writes for people or, with <c>--json</c>, for programs: one object on one line.</summary>
internal sealed class CatalogueView(TextWriter output, bool json)
{
    /// <summary>Names of a kind that are told to people; programs get all.</summary>
    private const int NamesMax = 20;

    private static readonly JsonSerializerOptions Plain = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) } };

    private readonly IAnsiConsole _console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(output) });

    public void Write(IReadOnlyList<YamlError> errors)
    {
        if (json)
        {
            WriteJson(new { errors });
            return;
        }

        foreach (var error in errors)
            output.WriteLine(error);
        output.WriteLine($"Nothing was applied: {Count(errors.Count, "error")}.");
    }

    public void Write(CatalogueDiff diff)
    {
        if (json)
        {
            WriteJson(new { diff.Version, Changed = !diff.IsEmpty, diff.Kinds });
            return;
        }

        if (diff.IsEmpty)
        {
            output.WriteLine($"No change: version {diff.Version} says the same.");
            return;
        }

        var table = NewTable("kind", "added", "changed", "removed");
        foreach (var kind in diff.Kinds)
            table.AddRow(new Text(kind.Kind), Number(kind.Added.Count), Number(kind.Changed.Count), Number(kind.Removed.Count));
        _console.Write(table);
        foreach (var kind in diff.Kinds)
        {
            WriteNames(kind.Kind, "+", kind.Added);
            WriteNames(kind.Kind, "~", kind.Changed);
            WriteNames(kind.Kind, "-", kind.Removed);
        }

        output.WriteLine($"Version {diff.Version} is applied; a running hub has it in force within 5 s.");
    }

    public void Write(long version, CatalogueFile file)
    {
        if (json)
        {
            WriteJson(ToJson(version, file));
            return;
        }

        output.WriteLine($"Catalogue version {version}");
        var keys = file.Keys.ToLookup(key => key.Department);
        WriteTable(["department", "name", "keys", "adapter", "state"], file.Departments.OrderBy(d => d.Id.Value, StringComparer.Ordinal).Select(d => new[]
        {
            d.Id.Value, d.Name, string.Join(' ', keys[d.Id].Select(k => k.KeyId[..12])), d.AdapterAddress ?? "", d.Suspended ? "suspended" : "",
        }));
        WriteTable(["scheme", "rule", "normalize"], file.Schemes.OrderBy(s => s.Name, StringComparer.Ordinal).Select(s => new[]
        {
            s.Name, s.Pattern ?? $"{s.Length} characters", string.Join(' ', Contracts.SchemeNormalizations.WordsOf(s.Normalize)),
        }));
        WriteTable(["attribute", "title", "type", "holding", "max age"], file.Attributes.OrderBy(a => a.Id.ToString(), StringComparer.Ordinal).Select(a => new[]
        {
            a.Id.ToString(), a.Title, Spell(a.Type), Spell(a.Holding), a.MaxAge?.ToString("c", CultureInfo.InvariantCulture) ?? "",
        }));
        WriteTable(["attribute", "sharing", "sensitivity", "legal source", "claims"], file.Attributes.OrderBy(a => a.Id.ToString(), StringComparer.Ordinal).Select(a => new[]
        {
            a.Id.ToString(), Spell(a.Sharing), Spell(a.Sensitivity), a.LegalSource ?? "", a.Claims?.ToString() ?? "",
        }));
        WriteTable(["may link", "scheme", "with"], file.LinkRights.Select(r => new[] { r.Department.Value, r.SchemeA, r.SchemeB }));
        WriteTable(["day", "is"], file.Calendar.OrderBy(c => c.Day).Select(c => new[]
        {
            c.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), c.Working ? "worked" : "a holiday",
        }));
        WriteTable(
            ["consumer", "purpose", "legal basis", "valid", "attributes"],
            file.Grants.GroupBy(g => (g.Consumer, g.Purpose, g.LegalBasis, g.ValidFrom, g.ValidUntil)).Select(g => new[]
            {
                g.Key.Consumer.Value, g.Key.Purpose, g.Key.LegalBasis, $"{Second(g.Key.ValidFrom)} to before {Second(g.Key.ValidUntil)}",
                g.Count() <= NamesMax ? string.Join('\n', g.Select(grant => grant.Attribute.ToString()).Order(StringComparer.Ordinal)) : Count(g.Count(), "attribute"),
            }));
    }

    private static object ToJson(long version, CatalogueFile file) => new
    {
        version,
        departments = file.Departments.Select(d => new { id = d.Id.Value, d.Name, d.AdapterAddress, d.AcceptedEpoch, d.Suspended }),
        keys = file.Keys.Select(k => new { k.KeyId, department = k.Department.Value, k.PublicKey, tls = k.Uses.HasFlag(KeyUses.Tls), signing = k.Uses.HasFlag(KeyUses.Signing) }),
        schemes = file.Schemes.Select(s => new { s.Name, s.Pattern, s.Length, normalize = Contracts.SchemeNormalizations.WordsOf(s.Normalize) }),
        attributes = file.Attributes.Select(a => new { id = a.Id.ToString(), a.Title, a.Type, a.Holding, maxAgeSeconds = (long?)a.MaxAge?.TotalSeconds, a.Sharing, a.Sensitivity, a.LegalSource, claims = a.Claims?.ToString() }),
        linkRights = file.LinkRights.Select(r => new { department = r.Department.Value, schemes = new[] { r.SchemeA, r.SchemeB } }),
        grants = file.Grants.Select(g => new
        {
            consumer = g.Consumer.Value, attribute = g.Attribute.ToString(), g.Purpose, g.LegalBasis, validFrom = Second(g.ValidFrom), validUntil = Second(g.ValidUntil),
        }),
        calendar = file.Calendar.Select(c => new { day = c.Day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture), c.Working }),
    };

    private static string Second(DateTimeOffset moment) => moment.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Spell<T>(T value)
        where T : struct, Enum =>
        value.ToString().ToLowerInvariant();

    private static string Count(int count, string what) => $"{count} {what}{(count == 1 ? "" : "s")}";

    private static Text Number(int number) => new(number.ToString(CultureInfo.InvariantCulture));

    private static Table NewTable(params string[] columns)
    {
        var table = new Table().Border(TableBorder.Simple);
        foreach (var column in columns)
            table.AddColumn(new TableColumn(new Text(column)));
        return table;
    }

    private void WriteTable(string[] columns, IEnumerable<string[]> rows)
    {
        var table = NewTable(columns);
        foreach (var row in rows)
            table.AddRow(row.Select(cell => new Text(cell)));
        if (table.Rows.Count > 0)
            _console.Write(table);
    }

    private void WriteNames(string kind, string sign, IReadOnlyList<string> names)
    {
        foreach (var name in names.Take(NamesMax))
            output.WriteLine($"{sign} {kind}: {name}");
        if (names.Count > NamesMax)
            output.WriteLine($"{sign} {kind}: and {names.Count - NamesMax} more");
    }

    private void WriteJson(object value) => output.WriteLine(JsonSerializer.Serialize(value, Plain));
}
