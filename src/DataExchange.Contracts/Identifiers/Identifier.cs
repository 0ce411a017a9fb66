namespace DataExchange.Contracts;

/// <summary>
/// A subject's number in one scheme, in the scheme's canonical form. Two identifiers are the same exactly when both parts are.
/// Never log it: <see cref="ToString"/> gives the scheme only.
/// </summary>
/// <param name="Scheme">Scheme name, see <see cref="CodeName"/>.</param>
/// <param name="Value">Canonical value, made by the scheme and nothing else; at most 256 bytes of UTF-8.</param>
public readonly record struct Identifier(string Scheme, string Value)
{
    public const int ValueBytesMax = 256;

    public Wire.Identifier ToWire() => new() { Scheme = Scheme, Value = Value };

    /// <summary>The scheme and nothing of the value, so that no text made from an identifier can give a person away.</summary>
    public override string ToString() => $"{Scheme}:*";
}
