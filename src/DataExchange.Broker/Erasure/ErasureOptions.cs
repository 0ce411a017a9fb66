using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Erasure;

/// <summary>Section <c>Erasure</c>. Read at start; a change needs a restart.</summary>
internal sealed class ErasureOptions
{
    public const string Section = "Erasure";

    /// <summary>
    /// Ids of the departments that may erase subjects: the operator's own, as a rule. Default none, so that nobody may; at most 16. The caller
    /// is who its TLS key says.
    /// </summary>
    public IList<string> Departments { get; } = [];
}

internal sealed class ErasureOptionsValidator : IValidateOptions<ErasureOptions>
{
    private const int DepartmentsMax = 16;

    public ValidateOptionsResult Validate(string? name, ErasureOptions options)
    {
        if (options.Departments.Count > DepartmentsMax)
            return ValidateOptionsResult.Fail($"Erasure:Departments must name at most {DepartmentsMax} departments.");
        return options.Departments.All(department => DepartmentId.TryParse(department, out _))
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"Erasure:Departments must hold ids of departments: each {CodeName.Rule}.");
    }
}
