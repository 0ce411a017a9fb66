using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;
using System.Text;
using DataExchange.Hosting;

namespace DataExchange.AdapterHost.Configuration;

/// <summary>
/// Fills options from a YAML tree by their properties and checks the rules that these declare. Every breach becomes an error with its place,
/// and reading goes on.
/// </summary>
/// <param name="folder">What relative paths are relative to.</param>
internal sealed class YamlBinding(YamlErrors errors, string folder)
{
    private const int ListMax = 10_000;

    /// <summary>Said of attributes by the mapping, and nowhere else.</summary>
    private static readonly string[] Derived = [nameof(Adapter.DepartmentAdapterOptions.HeldAttributes), nameof(Adapter.DepartmentAdapterOptions.LocatedAttributes)];

    /// <summary>Every scalar that was read, by its path as configuration spells it: <c>Adapter:HubKeyIds:0</c>.</summary>
    public Dictionary<string, string?> Settings { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Where each object was read from.</summary>
    public Dictionary<object, (YamlNode Node, string Path)> Places { get; } = new(ReferenceEqualityComparer.Instance);

    /// <summary>The properties that a file may state.</summary>
    public static IEnumerable<PropertyInfo> PropertiesOf(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => !Derived.Contains(property.Name));

    /// <summary>A property's key: <c>HubKeyIds</c> is <c>hub_key_ids</c>.</summary>
    public static string KeyOf(string name)
    {
        var key = new StringBuilder();
        foreach (var c in name)
        {
            if (char.IsUpper(c) && key.Length > 0)
                key.Append('_');
            key.Append(char.ToLowerInvariant(c));
        }

        return key.ToString();
    }

    /// <summary>Null where the node is no map; otherwise what of it is good, beside errors for the rest.</summary>
    public T? Read<T>(YamlNode root)
        where T : class => ReadMap(root, typeof(T), "", "") as T;

    private object? ReadMap(YamlNode node, Type type, string path, string setting)
    {
        if (node is not YamlMap map)
            return Refuse(node, path, "must be a map");
        var made = Activator.CreateInstance(type)!;
        Places[made] = (node, path);
        var properties = PropertiesOf(type).ToDictionary(property => KeyOf(property.Name));
        var stated = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in map.Entries)
        {
            var place = Join(path, key.Value);
            if (!properties.TryGetValue(key.Value, out var property))
                Refuse(key, place, $"is not a known key here; known are {string.Join(", ", properties.Keys)}");
            else if (!stated.Add(key.Value))
                Refuse(key, place, "must be stated once");
            else
                Set(made, property, value, place, $"{setting}{property.Name}");
        }

        foreach (var (key, property) in properties)
        {
            if (!stated.Contains(key) && property.IsDefined(typeof(RequiredAttribute)) && IsEmpty(property.GetValue(made)))
                Refuse(node, Join(path, key), "is required");
        }

        return made;
    }

    private void Set(object owner, PropertyInfo property, YamlNode node, string path, string setting)
    {
        if (ReadAny(node, property.PropertyType, path, setting, property.Name) is not { } value)
            return;
        foreach (var rule in property.GetCustomAttributes<ValidationAttribute>().Where(rule => !rule.IsValid(value)))
            Refuse(node, path, Phrase(rule));
        if (property.CanWrite)
            property.SetValue(owner, value);
        else
            ((IList<string>)property.GetValue(owner)!).AddAll((IEnumerable)value);
    }

    private object? ReadAny(YamlNode node, Type type, string path, string setting, string name)
    {
        var plain = Nullable.GetUnderlyingType(type) ?? type;
        if (plain.IsGenericType && plain.GetGenericTypeDefinition() == typeof(Dictionary<,>))
            return ReadDictionary(node, plain, path);
        if (plain.IsGenericType)
            return ReadList(node, plain.GenericTypeArguments[0], path, setting);
        if (plain.IsClass && plain != typeof(string) && plain != typeof(Uri))
            return ReadMap(node, plain, path, setting + ":");
        return ReadText(node, plain, path, setting, name);
    }

    private object? ReadText(YamlNode node, Type type, string path, string setting, string name)
    {
        if (node is not YamlText { Value: var text })
            return Refuse(node, path, "must be text");
        if (name.EndsWith("Path", StringComparison.Ordinal) || name.EndsWith("Folder", StringComparison.Ordinal))
            text = text.Length == 0 ? "" : Path.GetFullPath(text, folder);
        if (setting.Length > 0)
            Settings[setting] = type.IsEnum ? text.Replace("_", "", StringComparison.Ordinal) : text;
        object? value = type == typeof(string) ? text
            : type == typeof(int) && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
            : type == typeof(long) && long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var large) ? large
            : type == typeof(bool) && text is "true" or "false" ? text is "true"
            : type == typeof(TimeSpan) && TimeSpan.TryParseExact(text, "c", CultureInfo.InvariantCulture, out var time) ? time
            : type == typeof(Uri) && Uri.TryCreate(text, UriKind.Absolute, out var address) ? address
            : type.IsEnum ? Enum.GetValues(type).Cast<object>().FirstOrDefault(word => KeyOf(word.ToString()!) == text)
            : null;
        return value ?? Refuse(node, path, RuleOf(type));
    }

    private IList? ReadList(YamlNode node, Type item, string path, string setting)
    {
        if (node is not YamlList list)
            return (IList?)Refuse(node, path, "must be a list");
        if (list.Items.Count > ListMax)
            return (IList?)Refuse(node, path, $"must have at most {ListMax} items");
        var values = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(item))!;
        for (var i = 0; i < list.Items.Count; i++)
        {
            if (ReadAny(list.Items[i], item, $"{path}[{i}]", $"{setting}:{i}", "") is { } value)
                values.Add(value);
        }

        return values;
    }

    private object? ReadDictionary(YamlNode node, Type type, string path)
    {
        if (node is not YamlMap map)
            return Refuse(node, path, "must be a map");
        var values = (IDictionary)Activator.CreateInstance(type)!;
        for (var i = 0; i < map.Entries.Count; i++)
        {
            var (key, value) = map.Entries[i];
            // A code of the source is not repeated in an error: it is named by its place.
            if (values.Contains(key.Value))
                Refuse(key, $"{path}[{i}]", "must be stated once");
            else if (ReadAny(value, type.GenericTypeArguments[1], $"{path}[{i}]", "", "") is { } read)
                values.Add(key.Value, read);
        }

        return values;
    }

    private object? Refuse(YamlNode at, string path, string rule)
    {
        errors.Add(path, at, rule);
        return null;
    }

    private static bool IsEmpty(object? value) => value switch
    {
        null or "" => true,
        ICollection list => list.Count == 0,
        Adapter.DepartmentAdapterOptions or TlsOptions or IdentifierConfig => true,
        _ => false,
    };

    private static string Phrase(ValidationAttribute rule) => rule switch
    {
        { ErrorMessage: { } own } => own[Math.Max(0, own.IndexOf("must", StringComparison.Ordinal))..].TrimEnd('.'),
        RegularExpressionAttribute pattern => $"must match {pattern.Pattern.Replace(@"\A", "", StringComparison.Ordinal).Replace(@"\z", "", StringComparison.Ordinal)}",
        RangeAttribute range => string.Create(CultureInfo.InvariantCulture, $"must be {range.Minimum} to {range.Maximum}"),
        MinLengthAttribute least => $"must have at least {least.Length}",
        MaxLengthAttribute most => $"must have at most {most.Length}",
        RequiredAttribute => "must not be empty",
        _ => "must be valid",
    };

    private static string RuleOf(Type type) => type switch
    {
        { IsEnum: true } => $"must be {string.Join(" or ", Enum.GetNames(type).Select(KeyOf))}",
        _ when type == typeof(bool) => "must be true or false",
        _ when type == typeof(TimeSpan) => "must be a length of time as 00:00:05 or 1.00:00:00",
        _ when type == typeof(Uri) => "must be an address as https://host:7443",
        _ => "must be a whole number",
    };

    /// <summary>A key that is no plain word is not repeated: it could be anything.</summary>
    private static string Join(string path, string key)
    {
        var name = key.Length is > 0 and <= 40 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-') ? key : "?";
        return path.Length == 0 ? name : $"{path}.{name}";
    }
}

file static class ListFilling
{
    public static void AddAll(this IList<string> list, IEnumerable values)
    {
        foreach (var value in values)
            list.Add((string)value);
    }
}
