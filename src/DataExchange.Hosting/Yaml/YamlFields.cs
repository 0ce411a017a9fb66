using System.Diagnostics.CodeAnalysis;

namespace DataExchange.Hosting;

public delegate bool TryParse<T>(string? text, [NotNullWhen(true)] out T? value);

/// <summary>
/// The fields of one map, taken one by one by name; <see cref="End"/> refuses what nobody took. Every breach becomes an error with its
/// place and reading goes on.
/// </summary>
public sealed class YamlFields
{
    private readonly Dictionary<string, (YamlText Key, YamlNode Value)> _untaken = new(StringComparer.Ordinal);
    private readonly Dictionary<string, YamlNode> _taken = new(StringComparer.Ordinal);
    private readonly YamlErrors _errors;
    private readonly int _errorsBefore;
    private readonly bool _isMap;

    public YamlFields(YamlNode node, string path, YamlErrors errors)
    {
        (At, Path, _errors, _errorsBefore, _isMap) = (node, path, errors, errors.Count, node is YamlMap);
        if (node is not YamlMap map)
        {
            errors.Add(path, node, "must be a map");
            return;
        }

        foreach (var (key, value) in map.Entries)
        {
            if (!_untaken.TryAdd(key.Value, (key, value)))
                errors.Add(PathOf(key.Value), key, "must be stated once");
        }
    }

    public YamlNode At { get; }

    public string Path { get; }

    /// <returns>Whether <paramref name="value"/> is there and good; an error is noted otherwise.</returns>
    public bool Required<T>(string name, TryParse<T> parse, string rule, [NotNullWhen(true)] out T? value) =>
        Optional(name, parse, rule, out value, out var stated) && (stated || Missing(name));

    /// <param name="value">Default where the field is left out.</param>
    /// <returns>Whether the field is left out or good; an error is noted otherwise.</returns>
    public bool Optional<T>(string name, TryParse<T> parse, string rule, out T? value) => Optional(name, parse, rule, out value, out _);

    /// <summary>The fields of a map below this one, to be ended by the caller; null where it is left out.</summary>
    public YamlFields? Map(string name, bool required = false)
    {
        if (TryTake(name, out var value))
            return new YamlFields(value, PathOf(name), _errors);
        if (required)
            Missing(name);
        return null;
    }

    /// <summary>The items of a list with their paths; empty where the field is left out.</summary>
    /// <param name="required">At least one item must be there.</param>
    public IReadOnlyList<(YamlNode Node, string Path)> List(string name, int itemsMax, bool required = false)
    {
        if (!TryTake(name, out var value))
        {
            if (required)
                Missing(name);
            return [];
        }

        var path = PathOf(name);
        if (value is not YamlList list)
            _errors.Add(path, value, "must be a list");
        else if (list.Items.Count > itemsMax)
            _errors.Add(path, value, $"must have at most {itemsMax} items");
        else if (required && list.Items.Count == 0)
            _errors.Add(path, value, "must have at least one item");
        else
            return [.. list.Items.Select((item, i) => (item, $"{path}[{i}]"))];
        return [];
    }

    /// <summary>A list of text in which no item comes twice. Null where anything is wrong with it.</summary>
    public IReadOnlyList<(T Value, YamlNode Node, string Path)>? Values<T>(string name, int itemsMax, TryParse<T> parse, string rule, bool required = false)
    {
        var before = _errors.Count;
        var values = new List<(T, YamlNode, string)>();
        var seen = new HashSet<T>();
        foreach (var (node, path) in List(name, itemsMax, required))
        {
            if (node is not YamlText text || !parse(text.Value, out var value))
                _errors.Add(path, node, rule);
            else if (!seen.Add(value))
                _errors.Add(path, node, "must not come twice in its list");
            else
                values.Add((value, node, path));
        }

        return _errors.Count == before ? values : null;
    }

    /// <summary>Notes an error at this map as a whole.</summary>
    public void Refuse(string rule) => _errors.Add(Path, At, rule);

    /// <summary>Notes an error at one field; at the map, where the field is left out.</summary>
    public void Refuse(string name, string rule) => _errors.Add(PathOf(name), _taken.GetValueOrDefault(name, At), rule);

    /// <summary>Notes every field that nobody took.</summary>
    /// <returns>Whether nothing at all was wrong since this map was begun.</returns>
    public bool End()
    {
        foreach (var (key, _) in _untaken.Values)
            _errors.Add(PathOf(key.Value), key, "is not a known key here");
        return _errors.Count == _errorsBefore;
    }

    private bool Optional<T>(string name, TryParse<T> parse, string rule, out T? value, out bool stated)
    {
        value = default;
        stated = TryTake(name, out var node);
        if (!stated || (node is YamlText text && parse(text.Value, out value)))
            return true;
        _errors.Add(PathOf(name), node!, rule);
        return false;
    }

    private bool TryTake(string name, [NotNullWhen(true)] out YamlNode? value)
    {
        var stated = _untaken.Remove(name, out var field);
        value = field.Value;
        if (stated)
            _taken[name] = field.Value;
        return stated;
    }

    private bool Missing(string name)
    {
        if (_isMap)
            _errors.Add(PathOf(name), At, "is required");
        return false;
    }

    /// <summary>A key that is no plain word is not repeated: it could be anything.</summary>
    private string PathOf(string key)
    {
        var printable = key.Length is > 0 and <= 40 && key.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');
        var name = printable ? key : "?";
        return Path.Length == 0 ? name : $"{Path}.{name}";
    }
}
