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
public sealed record AttributeConfig(AttributeId Id, string Title, Wire.ValueType Type, Wire.Holding Holding, TimeSpan? MaxAge = null);

/// <summary>The department may state that an identifier of the one scheme and one of the other name the same subject.</summary>
/// <param name="SchemeA">The ordinally smaller of the two, or the same.</param>
public sealed record LinkRightConfig(DepartmentId Department, string SchemeA, string SchemeB);

/// <param name="ValidFrom">First moment at which it holds.</param>
/// <param name="ValidUntil">First moment at which it no longer holds.</param>
public sealed record GrantConfig(
    DepartmentId Consumer, AttributeId Attribute, string Purpose, string LegalBasis, DateTimeOffset ValidFrom, DateTimeOffset ValidUntil);

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
