using DataExchange.Contracts;

namespace DataExchange.Testing;

/// <summary>What the hub's catalogue says of the department under test. State here what the real one is going to say.</summary>
/// <param name="Department">Id of the department, the one in section <c>Adapter</c>.</param>
public sealed record FakeCatalogue(string Department)
{
    /// <summary>Schemes beside the built-in <c>cn-resident</c> and <c>cn-uscc</c>.</summary>
    public IReadOnlyList<DeclaredScheme> Schemes { get; init; } = [];

    /// <summary>What the department owns; anything else that it publishes is refused.</summary>
    public IReadOnlyList<AttributeDeclaration> Attributes { get; init; } = [];

    /// <summary>Pairs of schemes that the department may link, in either order. Default: none.</summary>
    public IReadOnlyList<(string Scheme, string Other)> LinkRights { get; init; } = [];

    internal bool MayLink(string scheme, string other) => LinkRights.Contains((scheme, other)) || LinkRights.Contains((other, scheme));
}

/// <summary>An attribute of the department under test.</summary>
/// <param name="Name">Its name within the department, as <c>marital-status</c>.</param>
/// <param name="Type">Of its values; another one is refused.</param>
/// <param name="Holding">Held: the hub holds the value. Located: it gets a locator, and the value is fetched.</param>
public sealed record AttributeDeclaration(string Name, Wire.ValueType Type, Wire.Holding Holding = Wire.Holding.Held);
