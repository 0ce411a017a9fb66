using DataExchange.Broker.Catalogue.Storage;
using DataExchange.Contracts;

namespace DataExchange.Broker.Governance;

/// <summary>Who signed in, by a token that is valid by itself.</summary>
/// <param name="Id">Issuer and subject, with a blank between them.</param>
/// <param name="Department">Null for a person of the exchange itself.</param>
/// <param name="IssuedAt">Of the token, as is <paramref name="ExpiresAt"/>.</param>
internal sealed record Person(string Id, PersonRole Role, DepartmentId? Department, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)
{
    public bool IsOfExchange => Department is null;

    /// <summary>Whether an affair of that department is this person's too; null is an affair of the exchange.</summary>
    public bool Covers(DepartmentId? scope) => Department is null || Department == scope;

    /// <summary>
    /// Whether the token still counts, after all that is known of the person: it was not issued before a withdrawal, and no other role of
    /// the same person is still valid beside it.
    /// </summary>
    /// <param name="known">Null for a person who has not called before.</param>
    /// <param name="admitted">What is known from now on.</param>
    public ErrorReason? Admit(PersonRow? known, DateTimeOffset now, out PersonRow admitted)
    {
        admitted = new PersonRow(Id, Role, Department, IssuedAt, ExpiresAt, known?.WithdrawnAt);
        if (known is null)
            return null;
        if (IssuedAt <= known.WithdrawnAt)
            return ErrorReasons.TokenRefused;
        var same = known.Role == Role && known.Department == Department;
        var over = now >= known.TokenExpiresAt || known.IsWithdrawn;
        if (!same && (!over || IssuedAt < known.TokenIssuedAt))
            return ErrorReasons.RoleConflict;
        if (same)
            admitted = known with { TokenIssuedAt = Later(IssuedAt, known.TokenIssuedAt), TokenExpiresAt = Later(ExpiresAt, known.TokenExpiresAt) };
        return null;
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;
}
