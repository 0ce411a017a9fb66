using System.Diagnostics.CodeAnalysis;

namespace DataExchange.Contracts;

/// <summary>An organisational member of the exchange. Its proof is its TLS key, never this text.</summary>
public readonly record struct DepartmentId
{
    private readonly string? _value;

    private DepartmentId(string value) => _value = value;

    public string Value => _value ?? "";

    /// <exception cref="FormatException">The text breaks <see cref="CodeName.Rule"/>.</exception>
    public static DepartmentId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"A department id {CodeName.Rule}.");

    public static bool TryParse([NotNullWhen(true)] string? text, out DepartmentId id)
    {
        var valid = CodeName.IsValid(text);
        id = valid ? new DepartmentId(text!) : default;
        return valid;
    }

    public override string ToString() => Value;
}
