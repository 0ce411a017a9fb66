using System.ComponentModel.DataAnnotations;
using DataExchange.Contracts;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Accesses;

/// <summary>Section <c>Accesses</c>: the subject's own view of who looked.</summary>
internal sealed class AccessOptions
{
    public const string Section = "Accesses";

    /// <summary>Folder of the list of places. Default: <c>accesses</c> under <c>Hub:DataDirectory</c>. Made anew from the audit log when it is missing.</summary>
    [Required]
    public string Folder { get; set; } = "";

    /// <summary>
    /// The catalogue's attribute, as <c>department/name</c>, that stands for the access log: a department with a grant on it may list the
    /// accesses to a subject, for the grant's purpose. Default none: nobody may.
    /// </summary>
    public string Attribute { get; set; } = "";

    /// <summary>Between two looks at the audit log. Default 50 ms; 10 ms to 1 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:00:01")]
    public TimeSpan FollowInterval { get; set; } = TimeSpan.FromMilliseconds(50);
}

[OptionsValidator]
internal sealed partial class AccessOptionsValidator : IValidateOptions<AccessOptions>;

/// <summary>What the attributes cannot say.</summary>
internal sealed class AccessAttributeValidator : IValidateOptions<AccessOptions>
{
    public ValidateOptionsResult Validate(string? name, AccessOptions options) =>
        options.Attribute.Length == 0 || AttributeId.TryParse(options.Attribute, out _)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail($"Accesses:Attribute {AttributeId.Rule}.");
}
