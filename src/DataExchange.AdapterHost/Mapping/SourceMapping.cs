using System.IO.Hashing;
using System.Text.Json;
using DataExchange.AdapterHost.Configuration;
using DataExchange.Contracts;

namespace DataExchange.AdapterHost.Mapping;

/// <param name="Cell">Place in the row.</param>
internal sealed record IdentifierColumn(int Cell, IIdentifierScheme Scheme);

/// <param name="Seed">Of the fingerprints of its cells: another one where type, format, codes or holding are others.</param>
internal sealed record AttributeColumn(string Name, int Cell, bool Located, ValueReader Reader, long Seed);

/// <summary>What one source's rows mean, ready for use. A row is an array of cells, one for each of <see cref="Columns"/>.</summary>
internal sealed class SourceMapping
{
    private readonly List<string> _columns = [];

    /// <param name="config">Checked by <see cref="MappingRules"/>.</param>
    public SourceMapping(SourceConfig config, IdentifierSchemes schemes, IReadOnlyDictionary<string, Dictionary<string, string>> codeLists)
    {
        Config = config;
        Subject = Identifier(config.Subject, schemes);
        Links = [.. config.Links.Select(link => Identifier(link, schemes))];
        AsOfCell = config.AsOf is { } asOf ? CellOf(asOf.Column) : null;
        AsOf = new MomentReader(config.AsOf?.Format, config.AsOf?.TimeZone);
        Filters = [.. config.Where.Select(filter => new RowFilter(CellOf(filter.Column), filter))];
        Attributes = [.. config.Attributes.Select(attribute => Attribute(attribute, codeLists))];
        Fingerprint = Convert.ToHexStringLower(XxHash128.Hash(JsonSerializer.SerializeToUtf8Bytes(new { config, codeLists, Seeds = Attributes.Select(a => a.Seed) })));
    }

    public SourceConfig Config { get; }

    public string Name => Config.Name;

    /// <summary>The columns that are needed, each once.</summary>
    public IReadOnlyList<string> Columns => _columns;

    public IdentifierColumn Subject { get; }

    public IReadOnlyList<IdentifierColumn> Links { get; }

    public int? AsOfCell { get; }

    public MomentReader AsOf { get; }

    public IReadOnlyList<RowFilter> Filters { get; }

    public IReadOnlyList<AttributeColumn> Attributes { get; }

    /// <summary>Another one where anything of the mapping is another.</summary>
    public string Fingerprint { get; }

    private IdentifierColumn Identifier(IdentifierConfig config, IdentifierSchemes schemes) =>
        new(CellOf(config.Column), schemes.TryFind(config.Scheme, out var scheme) ? scheme : throw new InvalidOperationException("The scheme was to be checked before."));

    private AttributeColumn Attribute(AttributeConfig config, IReadOnlyDictionary<string, Dictionary<string, string>> codeLists)
    {
        var codes = config.Codes ?? (config.CodeList is { } list ? codeLists[list] : null);
        var meaning = JsonSerializer.SerializeToUtf8Bytes(new { config.Type, config.Format, config.TimeZone, config.DecimalMark, config.Holding, codes });
        return new AttributeColumn(
            config.Name, CellOf(config.Column ?? config.Name), config.Holding == AttributeHolding.Located, new ValueReader(config, codes), (long)XxHash3.HashToUInt64(meaning));
    }

    private int CellOf(string column)
    {
        var cell = _columns.IndexOf(column);
        if (cell >= 0)
            return cell;
        _columns.Add(column);
        return _columns.Count - 1;
    }
}

/// <summary>Whether a row counts.</summary>
internal sealed class RowFilter(int cell, FilterConfig config)
{
    private readonly HashSet<string>? _is = config.Is?.ToHashSet(StringComparer.Ordinal);
    private readonly HashSet<string>? _not = config.Not?.ToHashSet(StringComparer.Ordinal);

    public bool Takes(ReadOnlySpan<string?> cells)
    {
        var text = cells[cell] ?? "";
        return config.Filled is { } filled ? text.Length > 0 == filled : _is?.Contains(text) ?? !_not!.Contains(text);
    }
}
