using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using DataExchange.AdapterHost.Configuration;
using NUnit.Framework;

namespace DataExchange.UnitTests.HouseRules;

/// <summary>docs/adapter-host.schema.json is the adapter's file as its code reads it. With UPDATE_DOCS=1 the test writes it.</summary>
internal sealed partial class AdapterFileSchemaTests
{
    private const string Document = "docs/adapter-host.schema.json";

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly Dictionary<string, string> Summaries = new[] { typeof(HostConfig), typeof(DataExchange.Adapter.IChangeSource), typeof(DataExchange.Hosting.TlsOptions) }
        .SelectMany(type => XDocument.Load(Path.ChangeExtension(type.Assembly.Location, ".xml")).Descendants("member"))
        .Where(member => member.Element("summary") is not null)
        .DistinctBy(member => member.Attribute("name")!.Value)
        .ToDictionary(member => member.Attribute("name")!.Value, member => Text(member.Element("summary")!));

    [Test]
    public void Schema_OfTheAdaptersFile_IsWhatTheCodeReads()
    {
        var schema = ObjectOf(typeof(HostConfig));
        schema.Insert(0, "$schema", "https://json-schema.org/draft/2020-12/schema");
        schema.Insert(1, "title", "The file of a department's adapter (dx-adapter)");
        var printed = schema.ToJsonString(Indented) + "\n";
        if (Environment.GetEnvironmentVariable("UPDATE_DOCS") == "1")
            File.WriteAllText(Repository.PathOf(Document), printed);

        Assert.That(Repository.Read(Document), Is.EqualTo(printed), "run the test with UPDATE_DOCS=1 to print the schema anew");
    }

    [Test]
    public void Schema_EveryProperty_SaysWhatItIsFor() =>
        Assert.That(
            new[] { typeof(HostConfig) }.Concat(typeof(HostConfig).Assembly.GetTypes().Where(type => type.Namespace == typeof(HostConfig).Namespace && type.Name.EndsWith("Config", StringComparison.Ordinal)))
                .SelectMany(YamlBinding.PropertiesOf)
                .Where(property => !Summaries.ContainsKey($"P:{property.DeclaringType!.FullName}.{property.Name}"))
                .Select(property => $"{property.DeclaringType!.Name}.{property.Name}"),
            Is.Empty);

    private static JsonObject ObjectOf(Type type)
    {
        var properties = YamlBinding.PropertiesOf(type).ToList();
        return new JsonObject
        {
            ["type"] = "object",
            ["additionalProperties"] = false,
            ["required"] = new JsonArray([.. properties.Where(property => property.IsDefined(typeof(RequiredAttribute)) && IsEmptyAtFirst(property))
                .Select(property => (JsonNode)YamlBinding.KeyOf(property.Name))]),
            ["properties"] = new JsonObject(properties.Select(property => KeyValuePair.Create<string, JsonNode?>(YamlBinding.KeyOf(property.Name), SchemaOf(property)))),
        };
    }

    /// <summary>What has a default need not be stated.</summary>
    private static bool IsEmptyAtFirst(PropertyInfo property) => property.GetValue(Activator.CreateInstance(property.DeclaringType!)) switch
    {
        null or "" => true,
        ICollection list => list.Count == 0,
        string => false,
        var value => value.GetType().IsClass,
    };

    private static JsonObject SchemaOf(PropertyInfo property)
    {
        var schema = SchemaOf(property.PropertyType);
        if (Summaries.TryGetValue($"P:{property.DeclaringType!.FullName}.{property.Name}", out var summary))
            schema.Insert(0, "description", summary);
        foreach (var rule in property.GetCustomAttributes<ValidationAttribute>())
            AddRule(schema, rule);
        return schema;
    }

    private static JsonObject SchemaOf(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type.IsEnum)
            return new JsonObject { ["enum"] = new JsonArray([.. Enum.GetNames(type).Select(name => (JsonNode)YamlBinding.KeyOf(name))]) };
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Dictionary<,>))
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = SchemaOf(type.GenericTypeArguments[1]) };
        if (type.IsGenericType)
            return new JsonObject { ["type"] = "array", ["items"] = SchemaOf(type.GenericTypeArguments[0]) };
        if (type == typeof(bool))
            return new JsonObject { ["type"] = "boolean" };
        if (type == typeof(int) || type == typeof(long))
            return new JsonObject { ["type"] = "integer" };
        if (type == typeof(TimeSpan))
            return new JsonObject { ["type"] = "string", ["pattern"] = @"^(\d+\.)?\d\d:\d\d:\d\d(\.\d{1,7})?$" };
        // YAML takes an unquoted 1 for a number; the adapter reads the text.
        return type == typeof(string) || type == typeof(Uri) ? new JsonObject { ["type"] = new JsonArray("string", "number", "boolean") } : ObjectOf(type);
    }

    private static void AddRule(JsonObject schema, ValidationAttribute rule)
    {
        switch (rule)
        {
            case RegularExpressionAttribute pattern:
                schema["pattern"] = pattern.Pattern.Replace(@"\A", "^", StringComparison.Ordinal).Replace(@"\z", "$", StringComparison.Ordinal);
                break;
            case System.ComponentModel.DataAnnotations.RangeAttribute { Minimum: int or double } range:
                schema["minimum"] = JsonValue.Create(Convert.ToDouble(range.Minimum, null));
                schema["maximum"] = JsonValue.Create(Convert.ToDouble(range.Maximum, null));
                break;
            case MinLengthAttribute least:
                schema["minItems"] = least.Length;
                break;
            case MaxLengthAttribute most:
                schema["maxItems"] = most.Length;
                break;
            default:
                break;
        }
    }

    private static string Text(XElement summary) =>
        WhiteSpace().Replace(string.Concat(summary.Nodes().Select(node => node is XElement element ? element.Attribute("cref")?.Value.Split('.')[^1] ?? element.Value : node.ToString())), " ").Trim();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();
}
