using DataExchange.Contracts;

namespace DataExchange.Cli.Registers;

/// <summary>
/// What a lookup must answer, worked out from the files alone: for each identifier, every register's values under every
/// identifier that the maps give to the same body.
/// </summary>
internal sealed class RegisterTruth
{
    private static readonly Dictionary<AttributeId, List<string>> Nothing = [];

    private readonly Dictionary<Identifier, Identifier> _bodies = [];
    private readonly Dictionary<Identifier, List<Identifier>> _clusters = [];
    private readonly Dictionary<Identifier, Dictionary<AttributeId, List<string>>> _facts = [];

    public RegisterTruth(RegistersFile file)
    {
        foreach (var (mapped, body) in file.Registers.SelectMany(r => r.LinkRows()))
        {
            _bodies.Add(mapped, body);
            if (!_clusters.TryGetValue(body, out var cluster))
                _clusters.Add(body, cluster = [body]);
            cluster.Add(mapped);
        }

        foreach (var register in file.Registers)
            Read(register);
    }

    /// <summary>Every identifier that a map gives to a body, in map order.</summary>
    public IReadOnlyCollection<Identifier> Mapped => _bodies.Keys;

    /// <summary>The values of each attribute, sorted ordinally; an attribute without any is left out.</summary>
    public IReadOnlyDictionary<AttributeId, List<string>> Expected(Identifier identifier)
    {
        if (!_bodies.TryGetValue(identifier, out var body))
            body = identifier;
        if (!_clusters.TryGetValue(body, out var cluster))
            return _facts.GetValueOrDefault(identifier, Nothing);

        var expected = new Dictionary<AttributeId, List<string>>();
        foreach (var (attribute, values) in cluster.SelectMany(member => _facts.GetValueOrDefault(member, Nothing)))
        {
            if (!expected.TryGetValue(attribute, out var all))
                expected.Add(attribute, all = []);
            all.AddRange(values);
        }

        foreach (var values in expected.Values)
            values.Sort(StringComparer.Ordinal);
        return expected;
    }

    private void Read(Register register)
    {
        var owner = DepartmentId.Parse(register.Department);
        foreach (var row in register.Rows())
        {
            var subject = new Identifier(register.Scheme, row[register.Scheme]);
            if (!_facts.TryGetValue(subject, out var facts))
                _facts.Add(subject, facts = []);
            foreach (var column in register.Attributes)
            {
                // A later row of the same identifier replaces the earlier one.
                if (row[column] is { Length: > 0 } value)
                    facts[new AttributeId(owner, column)] = [value];
            }
        }
    }
}
