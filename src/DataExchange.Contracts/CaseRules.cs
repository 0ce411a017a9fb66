using System.Text.RegularExpressions;

namespace DataExchange.Contracts;

/// <summary>What every question about a subject says of why it is asked: purpose, legal basis and case, all required.</summary>
public static partial class CaseRules
{
    private const string ReferenceRule = "must be at most 64 characters of A-Z, a-z, 0-9 and . _ : / -";

    /// <summary>Adds an error for each field that breaks its rule.</summary>
    public static void Check(string purpose, string legalBasis, string caseId, ICollection<FieldError> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        if (!CodeName.IsValid(purpose))
            errors.Add(new("purpose", CodeName.Rule));
        CheckCase(legalBasis, caseId, errors);
    }

    /// <summary>Without a purpose, where the call itself is one.</summary>
    public static void CheckCase(string legalBasis, string caseId, ICollection<FieldError> errors)
    {
        ArgumentNullException.ThrowIfNull(legalBasis);
        ArgumentNullException.ThrowIfNull(caseId);
        ArgumentNullException.ThrowIfNull(errors);
        if (!IsLegalBasis(legalBasis))
            errors.Add(new("legal_basis", $"must be 1 to {WireLimits.LegalBasisLengthMax} characters without control characters"));
        if (caseId.Length == 0)
            errors.Add(new("case_id", "must name the business case this question belongs to"));
        else
            CheckReference("case_id", caseId, errors);
    }

    /// <summary>The form of ids that callers choose.</summary>
    public static void CheckReference(string field, string reference, ICollection<FieldError> errors)
    {
        ArgumentNullException.ThrowIfNull(errors);
        if (!Reference().IsMatch(reference))
            errors.Add(new(field, ReferenceRule));
    }

    private static bool IsLegalBasis(string text) =>
        text.Length is > 0 and <= WireLimits.LegalBasisLengthMax && !text.AsSpan().ContainsAnyInRange('\0', '\u001f') && !string.IsNullOrWhiteSpace(text);

    [GeneratedRegex(@"\A[A-Za-z0-9._:/-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Reference();
}
