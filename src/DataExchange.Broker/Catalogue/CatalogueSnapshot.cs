using System.Collections.Frozen;
using DataExchange.Contracts;

namespace DataExchange.Broker.Catalogue;

/// <summary>
/// One version of the catalogue, immutable and whole. A call takes <see cref="CatalogueState.Current"/> once and uses that one to its
/// end, so that no answer is decided half by one version and half by the next. Thread safe.
/// </summary>
internal sealed class CatalogueSnapshot
{
    private CatalogueSnapshot(long version, CatalogueFile file)
    {
        Version = version;
        var keys = file.Keys.ToLookup(key => key.Department);
        Departments = file.Departments.ToFrozenDictionary(d => d.Id, d => Department(d, keys[d.Id]));
        Attributes = file.Attributes.ToFrozenDictionary(a => a.Id, a => new AttributeModel(a.Id, a.Title, a.Type, a.Holding, a.MaxAge, a.Sharing, a.Sensitivity, a.LegalSource, a.Claims));
        Schemes = new IdentifierSchemes(file.Schemes.Select(s => new DeclaredScheme(s.Name, s.Pattern, s.Length, s.Normalize)));
        LinkRights = file.LinkRights.Select(r => (r.Department, r.SchemeA, r.SchemeB)).ToFrozenSet();
        Linkers = file.LinkRights.Select(r => r.Department).ToFrozenSet();
        Grants = file.Grants.ToFrozenDictionary(
            g => new GrantKey(g.Consumer, g.Attribute, g.Purpose), g => new GrantModel(g.LegalBasis, g.ValidFrom, g.ValidUntil));
    }

    /// <summary>Of the database; rises with every applied change.</summary>
    public long Version { get; }

    public FrozenDictionary<DepartmentId, DepartmentModel> Departments { get; }

    public FrozenDictionary<AttributeId, AttributeModel> Attributes { get; }

    /// <summary>The built-in and the declared ones.</summary>
    public IdentifierSchemes Schemes { get; }

    /// <summary>Scheme names in ordinal order: ask <see cref="MayLink"/>.</summary>
    public FrozenSet<(DepartmentId Department, string SchemeA, string SchemeB)> LinkRights { get; }

    /// <summary>Departments that may link any schemes: the links of others do not count.</summary>
    public FrozenSet<DepartmentId> Linkers { get; }

    public FrozenDictionary<GrantKey, GrantModel> Grants { get; }

    /// <param name="version">Of the database; tests choose one.</param>
    /// <param name="file">Valid: what the reader accepted or the store gave back.</param>
    public static CatalogueSnapshot Of(long version, CatalogueFile file) => new(version, file);

    /// <summary>Whether the department may link identifiers of these two schemes, named in either order.</summary>
    public bool MayLink(DepartmentId department, string scheme, string other) =>
        LinkRights.Contains(string.CompareOrdinal(scheme, other) <= 0 ? (department, scheme, other) : (department, other, scheme));

    private static DepartmentModel Department(DepartmentConfig config, IEnumerable<KeyConfig> keys) => new(
        config.Id,
        config.Name,
        keys.Select(KeyModel.Of).ToFrozenDictionary(key => key.Id),
        config.AdapterAddress is null ? null : new Uri(config.AdapterAddress),
        config.AcceptedEpoch is null ? null : Convert.FromHexString(config.AcceptedEpoch),
        config.Suspended);
}
