namespace DataExchange.Contracts;

/// <summary>What holds of a text as an identifier. A layer is null where the scheme has none or where <see cref="Shape"/> fails.</summary>
/// <param name="Canonical">Null unless <see cref="IsValid"/>.</param>
/// <param name="Shape">Length and characters.</param>
/// <param name="Checksum">The check character fits; null for a 15-digit resident number, which carries none.</param>
/// <param name="Date">The date inside is a real day and not in the future.</param>
/// <param name="Area">The division code inside is known, in force or historical. Advice only: lists of codes are never complete.</param>
public readonly record struct IdentifierCheck(string? Canonical, bool Shape, bool? Checksum, bool? Date, bool? Area)
{
    public static readonly IdentifierCheck Shapeless;

    public bool IsValid => Canonical is not null;

    /// <summary>The shape and the verdict only, so that no text made from a check can give a person away.</summary>
    public override string ToString() => $"shape {Shape}, valid {IsValid}";

    internal static bool Holds(bool? checksum, bool? date) => checksum != false && date != false;
}
