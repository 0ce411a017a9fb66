using System.Diagnostics.CodeAnalysis;

namespace DataExchange.Contracts;

/// <summary>One kind of fact and its owner, written <c>civil-affairs/marital-status</c>.</summary>
public readonly record struct AttributeId(DepartmentId Department, string Name)
{
    public const string Rule = "must be department/name, each part 1 to 63 characters of a-z, 0-9 and '-'";

    /// <exception cref="FormatException">The text breaks <see cref="Rule"/>.</exception>
    public static AttributeId Parse(string text) =>
        TryParse(text, out var id) ? id : throw new FormatException($"An attribute id {Rule}.");

    public static bool TryParse([NotNullWhen(true)] string? text, out AttributeId id)
    {
        id = default;
        var slash = text?.IndexOf('/') ?? -1;
        return slash > 0 && TryCreate(text![..slash], text[(slash + 1)..], out id);
    }

    public static bool TryRead([NotNullWhen(true)] Wire.AttributeId? wire, out AttributeId id)
    {
        id = default;
        return wire is not null && TryCreate(wire.Department, wire.Name, out id);
    }

    public Wire.AttributeId ToWire() => new() { Department = Department.Value, Name = Name };

    public override string ToString() => $"{Department}/{Name}";

    private static bool TryCreate(string department, string name, out AttributeId id)
    {
        var valid = DepartmentId.TryParse(department, out var owner) & CodeName.IsValid(name);
        id = valid ? new AttributeId(owner, name) : default;
        return valid;
    }
}
