using DataExchange.Contracts;

namespace DataExchange.Broker.Catalogue;

/// <summary>
/// The whole desired state of the exchange's trust, as the YAML file states it and as the database keeps it: one record a row, in
/// canonical form. Only the reader and the store make one that is to be trusted.
/// </summary>
public sealed record CatalogueFile
{
    public IReadOnlyList<DepartmentConfig> Departments { get; init; } = [];

    public IReadOnlyList<KeyConfig> Keys { get; init; } = [];

    public IReadOnlyList<SchemeConfig> Schemes { get; init; } = [];

    public IReadOnlyList<AttributeConfig> Attributes { get; init; } = [];

    public IReadOnlyList<LinkRightConfig> LinkRights { get; init; } = [];

    public IReadOnlyList<GrantConfig> Grants { get; init; } = [];

    public IReadOnlyList<CalendarDayConfig> Calendar { get; init; } = [];
}

/// <param name="AdapterAddress">Absolute https address of the department's adapter; null where nothing is fetched live.</param>
/// <param name="AcceptedEpoch">32 lower-case hexadecimal digits; null until an operator has accepted one.</param>
/// <param name="Suspended">Refused at every port as if it were unknown; its attributes and grants stay declared.</param>
public sealed record DepartmentConfig(DepartmentId Id, string Name, string? AdapterAddress = null, string? AcceptedEpoch = null, bool Suspended = false);

/// <param name="KeyId">See <see cref="Contracts.KeyId"/>; belongs to one department only.</param>
/// <param name="PublicKey">Base64 of the SubjectPublicKeyInfo, an ECDSA P-256 key.</param>
public sealed record KeyConfig(string KeyId, DepartmentId Department, string PublicKey, KeyUses Uses);

/// <summary>See <see cref="DeclaredScheme"/>, whose constructor takes the same.</summary>
public sealed record SchemeConfig(string Name, string? Pattern, int? Length, SchemeNormalization Normalize = SchemeNormalization.None);

/// <param name="MaxAge">Oldest age at which the owner vouches for a value; null for none stated.</param>
/// <param name="Sharing">Who decides on a grant of it; the owner, unless stated otherwise.</param>
/// <param name="LegalSource">The law that the attribute rests on; always there where it is not shared, since a refusal names it.</param>
/// <param name="Claims">
/// The attribute whose concept this one states as well, without being its authoritative source; null for an attribute that is the source.
/// </param>
public sealed record AttributeConfig(
    AttributeId Id,
    string Title,
    Wire.ValueType Type,
    Wire.Holding Holding,
    TimeSpan? MaxAge = null,
    Wire.Sharing Sharing = Wire.Sharing.Conditional,
    Wire.Sensitivity Sensitivity = Wire.Sensitivity.Personal,
    string? LegalSource = null,
    AttributeId? Claims = null);

/// <summary>The department may state that an identifier of the one scheme and one of the other name the same subject.</summary>
/// <param name="SchemeA">The ordinally smaller of the two, or the same.</param>
public sealed record LinkRightConfig(DepartmentId Department, string SchemeA, string SchemeB);

/// <param name="ValidFrom">First moment at which it holds.</param>
/// <param name="ValidUntil">First moment at which it no longer holds.</param>
public sealed record GrantConfig(
    DepartmentId Consumer, AttributeId Attribute, string Purpose, string LegalBasis, DateTimeOffset ValidFrom, DateTimeOffset ValidUntil);

/// <summary>A day that breaks the rule that Monday to Friday are worked and the weekend is not.</summary>
/// <param name="Working">True for a weekend day that is worked, false for a holiday.</param>
public sealed record CalendarDayConfig(DateOnly Day, bool Working);

/// <summary>What a department's key is good for.</summary>
[Flags]
public enum KeyUses
{
    None = 0,

    /// <summary>Calls the hub, and answers it as an adapter.</summary>
    Tls = 1,

    /// <summary>Signs change batches.</summary>
    Signing = 2,
}
