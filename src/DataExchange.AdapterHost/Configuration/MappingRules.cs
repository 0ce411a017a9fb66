using System.Globalization;
using System.Text;
using DataExchange.Contracts;
using DataExchange.Hosting;

namespace DataExchange.AdapterHost.Configuration;

/// <summary>What holds between the fields of a file; each breach becomes an error at its place.</summary>
internal sealed class MappingRules(HostConfig config, YamlBinding binding, YamlErrors errors)
{
    private readonly List<DeclaredScheme> _schemes = [];
    private readonly HashSet<string> _schemeNames = new(StringComparer.Ordinal);
    private readonly HashSet<string> _sources = new(StringComparer.Ordinal);
    private readonly HashSet<string> _attributes = new(StringComparer.Ordinal);

    /// <summary>The schemes of the file, beside the built-in ones; as far as they are good.</summary>
    public IdentifierSchemes Check()
    {
        foreach (var scheme in config.Schemes)
            Check(scheme);
        foreach (var source in config.Sources)
            Check(source);
        return new IdentifierSchemes(_schemes);
    }

    private void Check(SchemeConfig scheme)
    {
        var steps = SchemeNormalization.None;
        foreach (var word in scheme.Normalize)
        {
            if (SchemeNormalizations.TryParse(word, out var step))
                steps |= step;
            else
                Refuse(scheme, "normalize", SchemeNormalizations.Rule);
        }

        var broken = DeclaredScheme.Validate(scheme.Name, scheme.Pattern, scheme.Length, steps);
        foreach (var error in broken)
            Refuse(scheme, error.Field, error.Rule);
        if (!_schemeNames.Add(scheme.Name))
            Refuse(scheme, "name", "must not be declared twice");
        else if (broken.Count == 0)
            _schemes.Add(new DeclaredScheme(scheme.Name, scheme.Pattern, scheme.Length, steps));
    }

    private void Check(SourceConfig source)
    {
        if (!_sources.Add(source.Name))
            Refuse(source, "name", "must not be that of another source");
        if (new object?[] { source.Files, source.Sql, source.Rest }.Count(kind => kind is not null) != 1)
            Refuse(source, "files", "or sql or rest must be given, one of them");
        if (source.Rest is { Address: { } address } rest && address.Scheme != Uri.UriSchemeHttps && !(address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            Refuse(rest, "address", "must be https, or http on this machine");
        if (source.Files is { } files)
            Check(files);
        if (source.Sql is { Live: not null } sql && source.Attributes.All(attribute => attribute.Holding == AttributeHolding.Held))
            Refuse(sql, "live", "must be left out where no attribute is located");
        if (source.Sql is { Capture: not null } captured && (captured.Provider is not SqlProvider.Postgresql || captured.Cursor is not null))
            Refuse(captured, "capture", "must be left out unless provider is postgresql and there is no cursor");
        if (source.Sql is { Live: { } query } queried && !query.Contains("@subject", StringComparison.Ordinal))
            Refuse(queried, "live", "must ask about @subject");
        foreach (var identifier in source.Links.Prepend(source.Subject))
        {
            if (identifier.Scheme.Length > 0 && !IdentifierSchemes.IsBuiltIn(identifier.Scheme) && !_schemeNames.Contains(identifier.Scheme))
                Refuse(identifier, "scheme", "must be cn-resident, cn-uscc or one of schemes");
        }

        if (source.AsOf is { } asOf)
            CheckMoment(asOf, asOf.Format, asOf.TimeZone);
        foreach (var filter in source.Where)
        {
            if (new object?[] { filter.Is, filter.Not, filter.Filled }.Count(stated => stated is not null) != 1)
                Refuse(filter, "is", "or not or filled must be given, exactly one of them");
        }

        foreach (var attribute in source.Attributes)
            Check(attribute);
    }

    private void Check(FilesConfig files)
    {
        if (files.Separator != "," && files.Format != FileFormat.Csv)
            Refuse(files, "separator", "must be left out unless format is csv");
        if (files.Sheet is not null && files.Format != FileFormat.Xlsx)
            Refuse(files, "sheet", "must be left out unless format is xlsx");
        try
        {
            _ = Encoding.GetEncoding(files.Encoding);
        }
        catch (ArgumentException)
        {
            Refuse(files, "encoding", "must be the name of an encoding, as utf-8, gb18030, iso-8859-1");
        }
    }

    private void Check(AttributeConfig attribute)
    {
        if (attribute.Name.Length > 0 && !CodeName.IsValid(attribute.Name))
            Refuse(attribute, "name", CodeName.Rule);
        else if (!_attributes.Add(attribute.Name))
            Refuse(attribute, "name", "must be mapped once in the whole file");
        if (attribute.Type is not (AttributeType.Date or AttributeType.Timestamp or null) && attribute.Format is not null)
            Refuse(attribute, "format", "must be left out unless type is date or timestamp");
        if (attribute.Type is AttributeType.Date or AttributeType.Timestamp)
            CheckMoment(attribute, attribute.Format, attribute.TimeZone);
        if (attribute.DecimalMark != "." && attribute.Type != AttributeType.Decimal)
            Refuse(attribute, "decimal_mark", "must be left out unless type is decimal");
        CheckCodes(attribute);
    }

    private void CheckCodes(AttributeConfig attribute)
    {
        if (attribute is { Codes: null, CodeList: null })
            return;
        if (attribute is { Codes: not null, CodeList: not null })
            Refuse(attribute, "codes", "or code_list must be left out");
        if (attribute.Type is not (AttributeType.Code or AttributeType.Flag))
            Refuse(attribute, attribute.Codes is null ? "code_list" : "codes", "must be left out unless type is code or flag");
        var codes = attribute.Codes;
        if (attribute.CodeList is { } name && !config.CodeLists.TryGetValue(name, out codes))
            Refuse(attribute, "code_list", "must be one of code_lists");
        if (codes is null)
            return;
        if (attribute.Type == AttributeType.Flag && codes.Values.Any(code => code is not ("true" or "false")))
            Refuse(attribute, "codes", "must lead to true or false for a flag");
        if (attribute.Type == AttributeType.Code && codes.Values.Any(code => ValueRules.Violation(new Wire.Value { Code = code }, Wire.ValueType.Code) is not null))
            Refuse(attribute, "codes", "must lead to codes of 1 to 64 characters without white space");
    }

    private void CheckMoment(object at, string? format, string? timeZone)
    {
        if (timeZone is not null && !TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out _))
            Refuse(at, "time_zone", "must be a time zone as Europe/London");
        try
        {
            // A format that loses the day cannot be read back.
            if (format is not null && DateTime.ParseExact(Sample.ToString(format, CultureInfo.InvariantCulture), format, CultureInfo.InvariantCulture, DateTimeStyles.NoCurrentDateDefault).Date != Sample.Date)
                Refuse(at, "format", FormatRule);
        }
        catch (FormatException)
        {
            Refuse(at, "format", FormatRule);
        }
    }

    private const string FormatRule = "must be a format with year, month and day in the letters of .NET, as dd.MM.yyyy";

    private static DateTime Sample { get; } = new(1987, 6, 25, 13, 45, 59);

    private void Refuse(object owner, string field, string rule)
    {
        if (!binding.Places.TryGetValue(owner, out var place))
            return;
        var at = (place.Node as YamlMap)?.Entries.FirstOrDefault(entry => entry.Key.Value == field).Value ?? place.Node;
        errors.Add($"{place.Path}.{field}", at, rule);
    }
}
