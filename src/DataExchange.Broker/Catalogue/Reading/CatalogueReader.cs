using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.Broker.Catalogue.Reading;

/// <summary>What reading gave: the file, or every error in it.</summary>
/// <param name="File">Null exactly when there are errors.</param>
/// <param name="Errors">In the order of the file.</param>
public sealed record CatalogueReading(CatalogueFile? File, IReadOnlyList<YamlError> Errors);

/// <summary>
/// Reads a catalogue file and checks all of it. Sections are read in the order in which they refer to each other, whatever their order
/// in the file; a name counts as declared even when the rest of its declaration is wrong, so that one mistake is one error.
/// </summary>
public sealed class CatalogueReader
{
    public const int DepartmentsMax = 10_000;
    public const int KeysPerDepartmentMax = 16;
    public const int SchemesMax = 1_000;
    public const int AttributesMax = 20_000;
    public const int LinkRightsMax = 20_000;
    public const int GrantsMax = 200_000;
    public const int CalendarDaysMax = 10_000;

    private readonly YamlErrors _errors = new();
    private readonly KeyReader _keys;
    private readonly Dictionary<DepartmentId, bool> _hasAdapter = [];
    private readonly HashSet<string> _schemeNames = new(StringComparer.Ordinal);
    private readonly Dictionary<AttributeId, Wire.Sharing> _attributes = [];
    private readonly List<(AttributeConfig Attribute, YamlFields Fields)> _claims = [];
    private readonly HashSet<LinkRightConfig> _linkRights = [];
    private readonly HashSet<GrantKey> _granted = [];

    private CatalogueReader(string? keyFolder) => _keys = new KeyReader(keyFolder, _errors);

    /// <param name="yaml">At most <see cref="YamlTree.FileBytesMax"/>; read to its end, not closed.</param>
    /// <param name="keyFolder">What key files named in it are relative to; null where it must name none, since whoever wrote it is elsewhere.</param>
    public static CatalogueReading Read(Stream yaml, string? keyFolder) => new CatalogueReader(keyFolder).Read(yaml);

    private CatalogueReading Read(Stream yaml)
    {
        var file = YamlTree.Read(yaml, _errors) is { } root ? ReadRoot(root) : null;
        return _errors.Count == 0 ? new CatalogueReading(file, []) : new CatalogueReading(null, _errors.InOrder());
    }

    private CatalogueFile ReadRoot(YamlNode root)
    {
        var fields = new YamlFields(root, "", _errors);
        var departments = Section(fields, "departments", DepartmentsMax, ReadDepartment);
        var file = new CatalogueFile
        {
            Departments = departments,
            Keys = _keys.Read,
            Schemes = Section(fields, "schemes", SchemesMax, ReadScheme),
            Attributes = Section(fields, "attributes", AttributesMax, ReadAttribute),
            LinkRights = Section(fields, "link_rights", LinkRightsMax, ReadLinkRight),
            Grants = Section(fields, "grants", GrantsMax, ReadGrants).SelectMany(grants => grants).ToList(),
            Calendar = [.. Days(fields, "holidays", working: false), .. Days(fields, "working_days", working: true)],
        };
        CheckClaims(file.Attributes);
        fields.End();
        return file;
    }

    private List<T> Section<T>(YamlFields root, string name, int itemsMax, Func<YamlFields, T?> read)
        where T : class
    {
        var entries = new List<T>();
        foreach (var (node, path) in root.List(name, itemsMax))
        {
            var fields = new YamlFields(node, path, _errors);
            var entry = read(fields);
            if (fields.End())
                entries.Add(entry!);
        }

        return entries;
    }

    private DepartmentConfig? ReadDepartment(YamlFields fields)
    {
        var named = fields.Required<DepartmentId>("id", DepartmentId.TryParse, CodeName.Rule, out var id);
        fields.Required<string>("name", CatalogueValues.Name, CatalogueValues.NameRule, out var name);
        var reachable = fields.Optional<string>("adapter", CatalogueValues.Address, CatalogueValues.AddressRule, out var adapter);
        fields.Optional<string>("accepted_epoch", CatalogueValues.Epoch, CatalogueValues.EpochRule, out var epoch);
        fields.Optional<bool>("suspended", CatalogueValues.Flag, CatalogueValues.FlagRule, out var suspended);
        if (named && !_hasAdapter.TryAdd(id, adapter is not null || !reachable))
            fields.Refuse("must not be declared twice");
        _keys.ReadAll(id, fields.List("keys", KeysPerDepartmentMax));
        return new DepartmentConfig(id, name!, adapter, epoch, suspended);
    }

    private SchemeConfig? ReadScheme(YamlFields fields)
    {
        var named = fields.Required<string>("name", CatalogueValues.Code, CodeName.Rule, out var name);
        fields.Optional<string>("pattern", CatalogueValues.Pattern, CatalogueValues.PatternRule, out var pattern);
        var sized = fields.Optional<int?>("length", CatalogueValues.Length, CatalogueValues.LengthRule, out var length);
        var steps = SchemeNormalization.None;
        foreach (var step in fields.Values<SchemeNormalization>("normalize", 16, CatalogueValues.Step, SchemeNormalizations.Rule) ?? [])
            steps |= step.Value;
        if (named && !_schemeNames.Add(name!))
            fields.Refuse("must not be declared twice");
        if (named && sized)
        {
            foreach (var broken in DeclaredScheme.Validate(name!, pattern, length, steps))
                fields.Refuse(broken.Field, broken.Rule);
        }

        return new SchemeConfig(name!, pattern, length, steps);
    }

    private AttributeConfig? ReadAttribute(YamlFields fields)
    {
        var named = fields.Required<AttributeId>("id", AttributeId.TryParse, AttributeId.Rule, out var id);
        fields.Required<string>("title", CatalogueValues.Name, CatalogueValues.NameRule, out var title);
        fields.Required<Wire.ValueType>("type", CatalogueValues.Type, CatalogueValues.TypeRule, out var type);
        fields.Required<Wire.Holding>("holding", CatalogueValues.Holding, CatalogueValues.HoldingRule, out var holding);
        fields.Optional<TimeSpan?>("max_age", CatalogueValues.Age, CatalogueValues.AgeRule, out var maxAge);
        if (!fields.Optional<Wire.Sharing>("sharing", CatalogueValues.Sharing, CatalogueValues.SharingRule, out var sharing) || sharing == default)
            sharing = Wire.Sharing.Conditional;
        fields.Optional<Wire.Sensitivity>("sensitivity", CatalogueValues.Sensitivity, CatalogueValues.SensitivityRule, out var sensitivity);
        var sourced = fields.Optional<string>("legal_source", CatalogueValues.Name, CatalogueValues.NameRule, out var source);
        fields.Optional<AttributeId?>("claims", CatalogueValues.Attribute, AttributeId.Rule, out var claims);
        if (sharing == Wire.Sharing.NotShared && sourced && source is null)
            fields.Refuse("legal_source", "must be stated for an attribute that is not shared: a refusal names it");
        if (named && !_attributes.TryAdd(id, sharing))
            fields.Refuse("must not be declared twice");
        if (named && !_hasAdapter.ContainsKey(id.Department))
            fields.Refuse("id", "must be of a declared department");
        else if (named && holding == Wire.Holding.Located && !_hasAdapter[id.Department])
            fields.Refuse("holding", "must be held, or its department must state an adapter to fetch it from");
        var attribute = new AttributeConfig(
            id, title!, type, holding, maxAge, sharing, sensitivity == default ? Wire.Sensitivity.Personal : sensitivity, source, claims);
        if (claims is not null)
            _claims.Add((attribute, fields));
        return attribute;
    }

    /// <summary>Once all attributes are known: a claim may stand before what it claims.</summary>
    private void CheckClaims(IReadOnlyList<AttributeConfig> attributes)
    {
        if (_claims.Count == 0)
            return;
        var byId = attributes.DistinctBy(attribute => attribute.Id).ToDictionary(attribute => attribute.Id);
        foreach (var (attribute, fields) in _claims)
        {
            if (!_attributes.ContainsKey(attribute.Claims!.Value))
                fields.Refuse("claims", "must name a declared attribute");
            else if (attribute.Claims.Value.Department == attribute.Id.Department)
                fields.Refuse("claims", "must name an attribute of another department");
            else if (byId.TryGetValue(attribute.Claims.Value, out var source) && source.Claims is not null)
                fields.Refuse("claims", "must name the authoritative source, not another claim");
            else if (source is not null && source.Type != attribute.Type)
                fields.Refuse("claims", "must name an attribute of the same type");
        }
    }

    private List<CalendarDayConfig> Days(YamlFields fields, string name, bool working)
    {
        var days = new List<CalendarDayConfig>();
        foreach (var (day, node, path) in fields.Values<DateOnly>(name, CalendarDaysMax, CatalogueValues.Day, CatalogueValues.DayRule) ?? [])
        {
            var weekend = day.DayOfWeek is DayOfWeek.Saturday or DayOfWeek.Sunday;
            if (weekend != working)
                _errors.Add(path, node, working ? "must be a Saturday or a Sunday: other days are worked anyway" : "must be a Monday to Friday: weekends are free anyway");
            days.Add(new CalendarDayConfig(day, working));
        }

        return days;
    }

    private LinkRightConfig? ReadLinkRight(YamlFields fields)
    {
        var department = ReadDeclaredDepartment(fields, "department");
        var schemes = fields.List("schemes", 2, required: true);
        if (schemes.Count == 1)
            fields.Refuse("schemes", "must name two schemes");
        foreach (var (node, path) in schemes)
        {
            if (node is not YamlText { Value: var name } || !(_schemeNames.Contains(name) || IdentifierSchemes.IsBuiltIn(name)))
                _errors.Add(path, node, "must name a declared or built-in scheme");
        }

        if (schemes is not [(YamlText { Value: var a }, _), (YamlText { Value: var b }, _)])
            return null;
        var right = string.CompareOrdinal(a, b) <= 0 ? new LinkRightConfig(department, a, b) : new LinkRightConfig(department, b, a);
        if (!_linkRights.Add(right))
            fields.Refuse("must not be stated twice");
        return right;
    }

    private List<GrantConfig> ReadGrants(YamlFields fields)
    {
        var consumer = ReadDeclaredDepartment(fields, "consumer");
        fields.Required<string>("purpose", CatalogueValues.Code, CodeName.Rule, out var purpose);
        fields.Required<string>("legal_basis", CatalogueValues.LegalBasis, CatalogueValues.LegalBasisRule, out var basis);
        var begins = fields.Required<DateTimeOffset>("valid_from", CatalogueValues.Moment, CatalogueValues.MomentRule, out var from);
        var ends = fields.Required<DateTimeOffset>("valid_until", CatalogueValues.Moment, CatalogueValues.MomentRule, out var until);
        if (begins && ends && until <= from)
            fields.Refuse("valid_until", "must be after valid_from");

        var grants = new List<GrantConfig>();
        foreach (var (node, path) in fields.List("attributes", AttributesMax, required: true))
        {
            if (node is not YamlText text || !AttributeId.TryParse(text.Value, out var attribute))
                _errors.Add(path, node, AttributeId.Rule);
            else if (!_attributes.TryGetValue(attribute, out var sharing))
                _errors.Add(path, node, "must name a declared attribute");
            else if (sharing == Wire.Sharing.NotShared)
                _errors.Add(path, node, "must not name an attribute that is not shared");
            else if (purpose is not null && !_granted.Add(new GrantKey(consumer, attribute, purpose)))
                _errors.Add(path, node, "must not be granted twice to one consumer for one purpose");
            else
                grants.Add(new GrantConfig(consumer, attribute, purpose!, basis!, from, until));
        }

        return grants;
    }

    private DepartmentId ReadDeclaredDepartment(YamlFields fields, string name)
    {
        if (fields.Required<DepartmentId>(name, DepartmentId.TryParse, CodeName.Rule, out var id) && !_hasAdapter.ContainsKey(id))
            fields.Refuse(name, "must name a declared department");
        return id;
    }
}
