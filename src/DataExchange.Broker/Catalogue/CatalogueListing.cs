using System.Collections.Frozen;
using System.Collections.Immutable;
using DataExchange.Contracts;
using Google.Protobuf.WellKnownTypes;

namespace DataExchange.Broker.Catalogue;

/// <summary>One snapshot as the messages that list it, each list in ordinal order of its keys. The messages are shared: nobody changes them.</summary>
internal sealed class CatalogueListing
{
    private static readonly ImmutableArray<Listed<Wire.Grant>> NoGrants = [];

    private readonly FrozenDictionary<DepartmentId, ImmutableArray<Listed<Wire.Grant>>> _grants;

    public CatalogueListing(CatalogueSnapshot snapshot)
    {
        Of = snapshot;
        Departments = Ordered(snapshot.Departments.Values.Select(d => new Listed<Wire.Department>(d.Id.Value, ToWire(d))));
        Attributes = Ordered(snapshot.Attributes.Values.Select(a => new Listed<Wire.Attribute>(a.Id.ToString(), ToWire(a))));
        _grants = snapshot.Grants.GroupBy(grant => grant.Key.Consumer).ToFrozenDictionary(
            ofConsumer => ofConsumer.Key,
            ofConsumer => Ordered(ofConsumer.Select(g => new Listed<Wire.Grant>($"{g.Key.Attribute} {g.Key.Purpose}", ToWire(g.Key, g.Value)))));
    }

    public CatalogueSnapshot Of { get; }

    public ImmutableArray<Listed<Wire.Department>> Departments { get; }

    public ImmutableArray<Listed<Wire.Attribute>> Attributes { get; }

    public ImmutableArray<Listed<Wire.Grant>> GrantsOf(DepartmentId consumer) => _grants.GetValueOrDefault(consumer, NoGrants);

    private static ImmutableArray<Listed<T>> Ordered<T>(IEnumerable<Listed<T>> entries) => [.. entries.OrderBy(entry => entry.Key, StringComparer.Ordinal)];

    private static Wire.Department ToWire(DepartmentModel department) => new() { Id = department.Id.Value, Name = department.Name };

    private static Wire.Attribute ToWire(AttributeModel attribute) => new()
    {
        Id = attribute.Id.ToWire(),
        Title = attribute.Title,
        Type = attribute.Type,
        Holding = attribute.Holding,
        MaxAge = attribute.MaxAge is { } age ? Duration.FromTimeSpan(age) : null,
        Sharing = attribute.Sharing,
        Sensitivity = attribute.Sensitivity,
        LegalSource = attribute.LegalSource ?? "",
        Claims = attribute.Claims?.ToWire(),
    };

    private static Wire.Grant ToWire(GrantKey key, GrantModel grant) => new()
    {
        Attribute = key.Attribute.ToWire(),
        Purpose = key.Purpose,
        LegalBasis = grant.LegalBasis,
        ValidFrom = Timestamp.FromDateTimeOffset(grant.ValidFrom),
        ValidUntil = Timestamp.FromDateTimeOffset(grant.ValidUntil),
    };
}

/// <param name="Key">Unique in its list; a page token names the last one given.</param>
internal readonly record struct Listed<T>(string Key, T Message);
