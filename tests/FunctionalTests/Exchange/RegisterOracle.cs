namespace DataExchange.FunctionalTests.Exchange;

/// <summary>A scheme and a value, exactly as the files write them.</summary>
internal readonly record struct Name(string Scheme, string Value);

/// <summary>
/// What an exchange of the sample registers must come to, worked out from the files alone and apart from the product's own reading of
/// them: nothing of the product is used here.
/// </summary>
internal sealed class RegisterOracle
{
    public const string Authority = "government-organisation";

    private readonly Dictionary<Name, Dictionary<string, string>> _facts = [];
    private readonly Dictionary<Name, Name> _bodies = [];
    private readonly Dictionary<string, long> _changes = [];
    private readonly ILookup<Name, Name> _members;

    /// <param name="folder">samples/uk-public-bodies.</param>
    /// <param name="departments">Those that take part; all if none is named.</param>
    public RegisterOracle(string folder, params string[] departments)
    {
        foreach (var list in Directory.GetDirectories(Path.Combine(folder, "lists")))
        {
            var department = Path.GetFileName(list);
            if (TakesPart(department))
                ReadRegister(department, Path.Combine(list, "list.tsv"));
        }

        if (TakesPart(Authority))
            ReadRegister(Authority, Path.Combine(folder, "data", Authority, $"{Authority}.tsv"));
        foreach (var map in Directory.GetFiles(Path.Combine(folder, "maps")))
            ReadMap(map, TakesPart(Authority));
        _members = _bodies.ToLookup(link => link.Value, link => link.Key);

        bool TakesPart(string department) => departments.Length == 0 || departments.Contains(department);
    }

    /// <summary>Every row of every map, those without a body included.</summary>
    public List<Name> MapRows { get; } = [];

    /// <summary>Rows of the maps that name a body.</summary>
    public long Mapped { get; private set; }

    public long Links => _bodies.Count;

    public long Facts => _facts.Values.Sum(facts => (long)facts.Count);

    public long Identifiers => Known.Count();

    public long Subjects => Known.Select(BodyOf).Distinct().Count();

    public long Changes => _changes.Values.Sum();

    public IReadOnlyDictionary<string, long> ChangesByDepartment => _changes;

    /// <summary>Values by <c>department/attribute</c>, sorted; attributes without any are left out.</summary>
    public SortedDictionary<string, List<string>> Expected(Name name)
    {
        var expected = new SortedDictionary<string, List<string>>(StringComparer.Ordinal);
        var body = BodyOf(name);
        foreach (var member in _members[body].Append(body))
        {
            foreach (var (attribute, value) in _facts.GetValueOrDefault(member) ?? [])
            {
                if (!expected.TryAdd(attribute, [value]))
                    expected[attribute].Add(value);
            }
        }

        foreach (var values in expected.Values)
            values.Sort(StringComparer.Ordinal);
        return expected;
    }

    private IEnumerable<Name> Known => _facts.Keys.Concat(_bodies.Keys).Concat(_bodies.Values).Distinct();

    private Name BodyOf(Name name) => _bodies.GetValueOrDefault(name, name);

    private void ReadRegister(string department, string path)
    {
        var lines = File.ReadAllLines(path);
        var header = lines[0].Split('\t');
        // GOV.UK's list begins with a column of the authority's; every other list begins with its own number, or has names only.
        var key = department == "govuk" ? Array.IndexOf(header, "govuk") : 0;
        long changes = 0;
        foreach (var fields in lines.Skip(1).Select(line => line.Split('\t')))
        {
            for (var i = 0; i < fields.Length; i++)
            {
                if (fields[i].Length == 0 || (header.Length > 1 && (i == key || header[i] == Authority)))
                    continue;
                var subject = new Name(header[key], fields[key]);
                if (!_facts.TryGetValue(subject, out var facts))
                    _facts.Add(subject, facts = []);
                facts[$"{department}/{header[i]}"] = fields[i];
                changes++;
            }
        }

        _changes[department] = changes;
    }

    private void ReadMap(string path, bool linked)
    {
        foreach (var line in File.ReadAllLines(path).Skip(1))
        {
            var tab = line.LastIndexOf('\t');
            var name = new Name(Path.GetFileNameWithoutExtension(path), tab < 0 ? line : line[..tab]);
            MapRows.Add(name);
            if (tab < 0 || tab == line.Length - 1)
                continue;
            Mapped++;
            if (!linked)
                continue;
            _bodies.Add(name, new Name(Authority, line[(tab + 1)..]));
            _changes[Authority]++;
        }
    }
}
