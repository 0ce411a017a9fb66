using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace DataExchange.Contracts;

/// <summary>The schemes of an exchange: the built-in ones and those its catalogue declares. Immutable.</summary>
public sealed class IdentifierSchemes
{
    /// <summary>Without any declared scheme.</summary>
    public static readonly IdentifierSchemes BuiltIn = new([]);

    private readonly FrozenDictionary<string, IIdentifierScheme> _schemes;

    /// <exception cref="ArgumentException">Two schemes share a name.</exception>
    public IdentifierSchemes(IEnumerable<DeclaredScheme> declared) =>
        _schemes = declared.Concat<IIdentifierScheme>([new CnResidentScheme(), new CnUsccScheme()])
            .ToDictionary(scheme => scheme.Name).ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every scheme's name, in ordinal order.</summary>
    public IReadOnlyList<string> Names => [.. _schemes.Keys.Order(StringComparer.Ordinal)];

    public static bool IsBuiltIn(string name) => name is CnResidentScheme.SchemeName or CnUsccScheme.SchemeName;

    public bool TryFind(string name, [NotNullWhen(true)] out IIdentifierScheme? scheme) => _schemes.TryGetValue(name, out scheme);

    /// <summary>The identifier in canonical form, or the one field at fault and its rule; never anything of the value.</summary>
    /// <param name="wire">As received.</param>
    /// <param name="field">Where it stands in the message, as <c>subject.identifier</c>.</param>
    /// <param name="identifier">Default if the answer is false.</param>
    /// <param name="error">Default if the answer is true.</param>
    public bool TryRead(Wire.Identifier? wire, string field, out Identifier identifier, out FieldError error)
    {
        identifier = default;
        error = default;
        if (wire is null)
            error = new FieldError(field, "must be present");
        else if (!_schemes.TryGetValue(wire.Scheme, out var scheme))
            error = new FieldError($"{field}.scheme", "must be a scheme of this exchange");
        else if (!scheme.TryCanonicalize(wire.Value, out var canonical))
            error = new FieldError($"{field}.value", "must be valid in its scheme");
        else
            identifier = new Identifier(scheme.Name, canonical);
        return error == default;
    }
}
