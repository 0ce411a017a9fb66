using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace DataExchange.Broker.Governance;

/// <summary>Section <c>Persons</c>: whose tokens sign a person in. Without an issuer nobody can, and the catalogue changes by its file only.</summary>
internal sealed class PersonOptions
{
    public const string Section = "Persons";

    /// <summary>
    /// Address of the OpenID Connect issuer, exactly as in its tokens; its keys are found from there. https, or http on loopback. Default none.
    /// </summary>
    public string Issuer { get; set; } = "";

    /// <summary>Who the tokens must be for. Default <c>dataexchange</c>.</summary>
    [Required]
    public string Audience { get; set; } = "dataexchange";

    /// <summary>
    /// For development: PEM file with the public key (ECDSA P-256) that signs tokens of <see cref="Issuer"/>, as <c>dx dev token</c> makes it.
    /// The issuer is then never called. Default none.
    /// </summary>
    public string? DevelopmentKeyPath { get; set; }

    /// <summary>Claim with the person's role: manage, operate or audit; other values mean nothing here. Default <c>role</c>.</summary>
    [Required]
    public string RoleClaim { get; set; } = "role";

    /// <summary>Claim with the department of a person who acts for one. Default <c>department</c>.</summary>
    [Required]
    public string DepartmentClaim { get; set; } = "department";

    /// <summary>Longest time from a token's issue to its expiry. Default 12 h; 1 min to 24 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "1.00:00:00", ParseLimitsInInvariantCulture = true)]
    public TimeSpan TokenLifetimeMax { get; set; } = TimeSpan.FromHours(12);
}

[OptionsValidator]
internal sealed partial class PersonOptionsValidator : IValidateOptions<PersonOptions>;

internal sealed class PersonIssuerValidator : IValidateOptions<PersonOptions>
{
    public ValidateOptionsResult Validate(string? name, PersonOptions options)
    {
        if (options.Issuer.Length == 0)
            return string.IsNullOrEmpty(options.DevelopmentKeyPath) ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail("Persons:Issuer must be given with Persons:DevelopmentKeyPath.");
        if (options.DevelopmentKeyPath is { Length: > 0 } && !File.Exists(options.DevelopmentKeyPath))
            return ValidateOptionsResult.Fail("Persons:DevelopmentKeyPath must name a file.");
        var good = Uri.TryCreate(options.Issuer, UriKind.Absolute, out var issuer) && !options.Issuer.Any(char.IsWhiteSpace)
            && (issuer.Scheme == Uri.UriSchemeHttps || (issuer.Scheme == Uri.UriSchemeHttp && issuer.IsLoopback));
        return good ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail("Persons:Issuer must be an https address, or http on loopback.");
    }
}
